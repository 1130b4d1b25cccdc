package terraform

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
)

func hashFunction(name string) builtin {
	switch name {
	case "md5", "sha1", "sha256", "sha512", "base64sha256", "base64sha512",
		"filemd5", "filesha1", "filesha256", "filesha512", "filebase64sha256", "filebase64sha512":
		return hashFunc
	case "base64gzip", "base64gunzip":
		return gzipFunc
	case "textencodebase64", "textdecodebase64":
		return textBase64Func
	case "uuidv5":
		return uuidv5Func
	case "uuid", "bcrypt", "rsadecrypt", "timestamp", "plantimestamp":
		return func(c *call) *value { return c.unknown(cty.String) } // differs from run to run, or needs a secret
	}
	return nil
}

func hashFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	s, ok, err := c.literal(0)
	if err != nil {
		return err
	}
	if !ok {
		return c.unknown(cty.String)
	}
	name := c.name
	if rest, isFile := strings.CutPrefix(name, "file"); isFile {
		f, err := c.s.file(s, c.span)
		if err != nil {
			return err
		}
		s, name = string(f.Src), rest
	}
	if !c.e.spendBytes(len(s)) {
		return failed(c.span, c.e.spent)
	}
	algorithm, inBase64 := strings.CutPrefix(name, "base64")
	var sum []byte
	switch b := []byte(s); algorithm {
	case "md5":
		h := md5.Sum(b)
		sum = h[:]
	case "sha1":
		h := sha1.Sum(b)
		sum = h[:]
	case "sha256":
		h := sha256.Sum256(b)
		sum = h[:]
	default:
		h := sha512.Sum512(b)
		sum = h[:]
	}
	if inBase64 {
		return text(base64.StdEncoding.EncodeToString(sum), c.resultSpan())
	}
	return text(hex.EncodeToString(sum), c.resultSpan())
}

func gzipFunc(c *call) *value {
	if err := c.arity(1, 1); err != nil {
		return err
	}
	s, ok, err := c.literal(0)
	if err != nil {
		return err
	}
	if !ok {
		return c.unknown(cty.String)
	}
	if !c.e.spendBytes(len(s)) {
		return failed(c.span, c.e.spent)
	}
	if c.name == "base64gzip" {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write([]byte(s)) // a Buffer takes everything
		_ = w.Close()
		return text(base64.StdEncoding.EncodeToString(b.Bytes()), c.resultSpan())
	}
	raw, decodeErr := base64.StdEncoding.DecodeString(s)
	if decodeErr != nil {
		return c.fail("not base64")
	}
	r, gzipErr := gzip.NewReader(bytes.NewReader(raw))
	if gzipErr != nil {
		return c.fail("not gzip")
	}
	const most = 1 << 20
	out, readErr := io.ReadAll(io.LimitReader(r, most+1))
	if readErr != nil || len(out) > most || !utf8.Valid(out) {
		return c.fail("not the gzip of a text of up to %d bytes", most)
	}
	return text(string(out), c.resultSpan())
}

func textBase64Func(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	s, ok1, err := c.literal(0)
	if err != nil {
		return err
	}
	encoding, ok2, err := c.literal(1)
	if err != nil {
		return err
	}
	if !ok1 || !ok2 {
		return c.unknown(cty.String)
	}
	var order binary.AppendByteOrder
	var read binary.ByteOrder
	switch strings.ToUpper(encoding) {
	case "UTF-8":
	case "UTF-16LE":
		order, read = binary.LittleEndian, binary.LittleEndian
	case "UTF-16BE":
		order, read = binary.BigEndian, binary.BigEndian
	default:
		return c.unknown(cty.String)
	}
	if c.name == "textencodebase64" {
		b := []byte(s)
		if order != nil {
			b = nil
			for _, u := range utf16.Encode([]rune(s)) {
				b = order.AppendUint16(b, u)
			}
		}
		return text(base64.StdEncoding.EncodeToString(b), c.resultSpan())
	}
	b, decodeErr := base64.StdEncoding.DecodeString(s)
	if decodeErr != nil {
		return c.fail("not base64")
	}
	if order != nil {
		var units []uint16
		for ; len(b) > 1; b = b[2:] {
			units = append(units, read.Uint16(b))
		}
		b = []byte(string(utf16.Decode(units)))
	}
	if !utf8.Valid(b) {
		return c.fail("not a text")
	}
	return text(string(b), c.resultSpan())
}

// uuidNamespace returns the namespace that uuidv5 knows by a short name. They are those of RFC 4122.
func uuidNamespace(name string) string {
	switch name {
	case "dns", "url", "oid", "x500":
		digit := map[string]string{"dns": "0", "url": "1", "oid": "2", "x500": "4"}[name]
		return "6ba7b81" + digit + "-9dad-11d1-80b4-00c04fd430c8"
	}
	return name
}

func uuidv5Func(c *call) *value {
	if err := c.arity(2, 2); err != nil {
		return err
	}
	space, ok1, err := c.literal(0)
	if err != nil {
		return err
	}
	name, ok2, err := c.literal(1)
	if err != nil {
		return err
	}
	if !ok1 || !ok2 {
		return c.unknown(cty.String)
	}
	id, decodeErr := hex.DecodeString(strings.ReplaceAll(uuidNamespace(space), "-", ""))
	if decodeErr != nil || len(id) != 16 {
		return c.fail("not a UUID")
	}
	h := sha1.Sum(append(id, name...))
	h[6] = h[6]&0x0F | 0x50
	h[8] = h[8]&0x3F | 0x80
	return text(fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16]), c.resultSpan())
}
