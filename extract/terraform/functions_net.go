package terraform

import (
	"math/big"
	"net/netip"

	"github.com/zclconf/go-cty/cty"
)

func netFunction(name string) builtin {
	switch name {
	case "cidrhost", "cidrnetmask", "cidrsubnet", "cidrsubnets", "cidrcontains":
		return cidrFunc
	}
	return nil
}

func cidrFunc(c *call) *value {
	if err := c.arity(1, -1); err != nil {
		return err
	}
	s, ok, err := c.literal(0)
	if err != nil {
		return err
	}
	var nums []*big.Int
	for _, arg := range c.args[1:] {
		if c.name == "cidrcontains" {
			break
		}
		n := toNumber(arg)
		switch {
		case n.kind == failedKind:
			return n
		case n.kind == unknownKind:
			ok = false
			continue
		case !n.num.IsInt():
			return c.fail("a whole number is needed")
		}
		i, _ := n.num.Int(nil)
		nums = append(nums, i)
	}
	if !ok {
		return c.unknown(cty.NilType)
	}
	prefix, parseErr := netip.ParsePrefix(s)
	if parseErr != nil {
		return c.fail("malformed CIDR block")
	}
	prefix = prefix.Masked()
	span := c.resultSpan()
	switch {
	case c.name == "cidrhost" && len(nums) == 1:
		addr, ok := hostAddr(prefix, nums[0])
		if !ok {
			return c.fail("no such host in the block")
		}
		return text(addr.String(), span)
	case c.name == "cidrnetmask" && len(nums) == 0:
		if !prefix.Addr().Is4() {
			return c.fail("netmasks are of IPv4")
		}
		mask := ^uint32(0) << (32 - prefix.Bits())
		if prefix.Bits() == 0 {
			mask = 0
		}
		return text(netip.AddrFrom4([4]byte{byte(mask >> 24), byte(mask >> 16), byte(mask >> 8), byte(mask)}).String(), span)
	case c.name == "cidrsubnet" && len(nums) == 2:
		sub, ok := subnet(prefix, nums[0], nums[1])
		if !ok {
			return c.fail("no such subnet in the block")
		}
		return text(sub.String(), span)
	case c.name == "cidrsubnets":
		return c.subnets(prefix, nums)
	case c.name == "cidrcontains" && len(c.args) == 2:
		t, ok, err := c.literal(1)
		if err != nil {
			return err
		}
		if !ok {
			return c.unknown(cty.Bool)
		}
		if addr, err := netip.ParseAddr(t); err == nil {
			return boolean(prefix.Contains(addr), c.span)
		}
		other, parseErr := netip.ParsePrefix(t)
		if parseErr != nil {
			return c.fail("malformed address")
		}
		return boolean(prefix.Bits() <= other.Bits() && prefix.Contains(other.Masked().Addr()), c.span)
	}
	return c.fail("wrong number of arguments")
}

// hostAddr returns address number n of the block, from its end where n is negative.
func hostAddr(p netip.Prefix, n *big.Int) (netip.Addr, bool) {
	size := new(big.Int).Lsh(big.NewInt(1), uint(p.Addr().BitLen()-p.Bits()))
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, size)
	}
	if n.Sign() < 0 || n.Cmp(size) >= 0 {
		return netip.Addr{}, false
	}
	return offset(p.Addr(), n), true
}

func offset(a netip.Addr, n *big.Int) netip.Addr {
	sum := new(big.Int).Add(new(big.Int).SetBytes(a.AsSlice()), n)
	b := sum.FillBytes(make([]byte, a.BitLen()/8))
	out, _ := netip.AddrFromSlice(b)
	return out
}

func subnet(p netip.Prefix, newBits, n *big.Int) (netip.Prefix, bool) {
	if !newBits.IsInt64() || newBits.Int64() < 0 || newBits.Int64() > 128 {
		return netip.Prefix{}, false
	}
	bits := p.Bits() + int(newBits.Int64())
	if bits > p.Addr().BitLen() || n.Sign() < 0 || n.BitLen() > int(newBits.Int64()) {
		return netip.Prefix{}, false
	}
	at := new(big.Int).Lsh(n, uint(p.Addr().BitLen()-bits))
	return netip.PrefixFrom(offset(p.Addr(), at), bits), true
}

// subnets allocates blocks one after the other, each at the next place that fits its size.
func (c *call) subnets(p netip.Prefix, newBits []*big.Int) *value {
	out := list(nil, c.span)
	width := p.Addr().BitLen()
	next := new(big.Int)
	end := new(big.Int).Lsh(big.NewInt(1), uint(width-p.Bits()))
	for _, nb := range newBits {
		if !nb.IsInt64() || nb.Int64() < 1 || nb.Int64() > 32 || p.Bits()+int(nb.Int64()) > width {
			return c.fail("no such subnet in the block")
		}
		bits := p.Bits() + int(nb.Int64())
		size := new(big.Int).Lsh(big.NewInt(1), uint(width-bits))
		if rest := new(big.Int).Mod(next, size); rest.Sign() != 0 {
			next.Add(next, new(big.Int).Sub(size, rest))
		}
		if new(big.Int).Add(next, size).Cmp(end) > 0 {
			return c.fail("not enough room in the block")
		}
		out.elems = append(out.elems, text(netip.PrefixFrom(offset(p.Addr(), next), bits).String(), c.resultSpan()))
		next.Add(next, size)
	}
	return out
}
