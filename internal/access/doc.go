// Package access says who can assume a role: Decide answers for one request, Who for all of them.
package access
