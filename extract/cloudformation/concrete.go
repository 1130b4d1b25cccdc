package cloudformation

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/awslabs/goformation/v7/cloudformation/iam"
	"github.com/awslabs/goformation/v7/intrinsics"
)

// A deployment is the second engine: it makes a role concrete for given parameter values with goformation, which knows
// nothing of places and follows one branch only. It gives goformation's typed view of a role, and its document is an
// independent check of the evaluator's.
//
// goformation's own handlers panic, drop what they cannot resolve and change texts that look like base64, so every handler
// is replaced and every scalar is hidden from it behind a token, {"$": index}, whose text the deployment keeps.
type deployment struct {
	t        *template
	given    map[string]string // parameters, pseudo parameters too; others have their default
	texts    []string
	visiting map[string]bool // conditions and resources being looked at
}

// concrete returns the role r as it is in a deployment with these parameter values. What is not known then is written as
// ${expression}.
func concrete(t *template, r *resource, given map[string]string) (role *iam.Role, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("make %s concrete: %v", r.id, e)
		}
	}()
	d := &deployment{t: t, given: given, visiting: map[string]bool{}}
	// One property at a time: iam.Role refuses a role with a property that it does not know or that has another type than in
	// its schema, and what is known of the others is worth having.
	role = &iam.Role{}
	for _, name := range []string{"AssumeRolePolicyDocument", "RoleName", "Path", "MaxSessionDuration", "PermissionsBoundary", "ManagedPolicyArns"} {
		n := r.node.get("Properties").get(name)
		if n == nil {
			continue
		}
		value := d.value(n)
		if value == nil {
			continue
		}
		if s, ok := value.(string); ok && name == "MaxSessionDuration" {
			if i, err := strconv.Atoi(s); err == nil {
				value = i
			}
		}
		b, err := json.Marshal(map[string]any{"Type": roleType, "Properties": map[string]any{name: value}})
		if err != nil {
			return nil, err
		}
		var one iam.Role
		if err := json.Unmarshal(b, &one); err != nil {
			if name == "AssumeRolePolicyDocument" {
				return nil, err
			}
			continue // of another type than the schema says
		}
		switch name {
		case "AssumeRolePolicyDocument":
			role.AssumeRolePolicyDocument = one.AssumeRolePolicyDocument
		case "RoleName":
			role.RoleName = one.RoleName
		case "Path":
			role.Path = one.Path
		case "MaxSessionDuration":
			role.MaxSessionDuration = one.MaxSessionDuration
		case "PermissionsBoundary":
			role.PermissionsBoundary = one.PermissionsBoundary
		case "ManagedPolicyArns":
			role.ManagedPolicyArns = one.ManagedPolicyArns
		}
	}
	return role, nil
}

// noValue stands for AWS::NoValue within goformation.
const noValue = "$nv"

// value returns what n is as JSON has it, nil for AWS::NoValue.
func (d *deployment) value(n *node) any {
	b, err := json.Marshal(d.tokens(n, 0))
	if err != nil {
		panic(err)
	}
	out, err := intrinsics.ProcessJSON(b, &intrinsics.ProcessorOptions{IntrinsicHandlerOverrides: d.handlers()})
	if err != nil {
		panic(err)
	}
	var v any
	if err := json.Unmarshal(out, &v); err != nil {
		panic(err)
	}
	return d.clear(v)
}

// tokens returns n as JSON with tokens for its scalars.
func (d *deployment) tokens(n *node, depth int) any {
	if depth > maxDepth || len(d.texts) > maxSteps {
		panic("too large")
	}
	switch n.kind {
	case nullNode, brokenNode:
		return nil
	case listNode:
		list := []any{}
		for _, e := range n.elements {
			list = append(list, d.tokens(e, depth+1))
		}
		return list
	case mappingNode:
		object := map[string]any{}
		for _, m := range n.members {
			object[m.key.canonical()] = d.tokens(m.value, depth+1)
		}
		return object
	}
	return d.token(n.canonical())
}

func (d *deployment) token(s string) any {
	d.texts = append(d.texts, s)
	return map[string]any{"$": strconv.Itoa(len(d.texts) - 1)}
}

// text returns the text that v is a token for.
func (d *deployment) text(v any) (string, bool) {
	object, ok := v.(map[string]any)
	if !ok || len(object) != 1 {
		return "", false
	}
	index, ok := object["$"].(string)
	if !ok {
		return "", false
	}
	i, err := strconv.Atoi(index)
	if err != nil || i < 0 || i >= len(d.texts) {
		return "", false
	}
	return d.texts[i], true
}

// must is text for an argument that has to be one.
func (d *deployment) must(v any) string {
	s, ok := d.text(v)
	if !ok {
		panic("not a text")
	}
	return s
}

// clear puts texts in the place of tokens and takes AWS::NoValue out.
func (d *deployment) clear(v any) any {
	if s, ok := d.text(v); ok {
		return s
	}
	switch v := v.(type) {
	case []any:
		list := []any{}
		for _, e := range v {
			if !isNoValue(e) {
				list = append(list, d.clear(e))
			}
		}
		return list
	case map[string]any:
		if isNoValue(v) {
			return nil
		}
		object := map[string]any{}
		for k, e := range v {
			if !isNoValue(e) {
				object[k] = d.clear(e)
			}
		}
		return object
	}
	return v
}

func isNoValue(v any) bool {
	object, ok := v.(map[string]any)
	return ok && len(object) == 1 && object[noValue] == true
}

func list(v any) []any {
	l, ok := v.([]any)
	if !ok {
		panic("not a list")
	}
	return l
}

// handlers returns a handler for every function, so that none of goformation's own is called.
func (d *deployment) handlers() map[string]intrinsics.IntrinsicHandler {
	handle := func(f func(arg any) any) intrinsics.IntrinsicHandler {
		return func(_ string, arg, _ any) any { return f(arg) }
	}
	unknown := func(name string, _, _ any) any { return d.token("${" + name + "}") }
	return map[string]intrinsics.IntrinsicHandler{
		"Ref":        handle(func(arg any) any { return d.ref(d.must(arg)) }),
		"Fn::GetAtt": handle(d.getAtt),
		"Fn::Sub":    handle(d.sub),
		"Fn::If": handle(func(arg any) any {
			args := list(arg)
			if d.condition(d.must(args[0])) {
				return args[1]
			}
			return args[2]
		}),
		"Fn::Join":         handle(func(arg any) any { return d.token(d.join(d.must(list(arg)[0]), list(arg)[1])) }),
		"Fn::Split":        handle(d.split),
		"Fn::Select":       handle(d.selectElement),
		"Fn::FindInMap":    handle(d.findInMap),
		"Fn::Base64":       handle(func(arg any) any { return d.token(base64.StdEncoding.EncodeToString([]byte(d.must(arg)))) }),
		"Fn::ImportValue":  handle(func(arg any) any { return d.token("${ImportValue:" + d.must(arg) + "}") }),
		"Fn::ToJsonString": handle(func(arg any) any { return arg }),
		"Fn::Length":       handle(func(arg any) any { return d.token(strconv.Itoa(len(list(arg)))) }),
		"Fn::And":          handle(func(arg any) any { return d.all(list(arg), true) }),
		"Fn::Or":           handle(func(arg any) any { return d.all(list(arg), false) }),
		"Fn::Not": handle(func(arg any) any {
			if l, ok := arg.([]any); ok {
				arg = l[0]
			}
			return d.token(strconv.FormatBool(!d.truth(arg)))
		}),
		"Fn::Equals": handle(func(arg any) any {
			a, _ := json.Marshal(d.clear(list(arg)[0]))
			b, _ := json.Marshal(d.clear(list(arg)[1]))
			return d.token(strconv.FormatBool(string(a) == string(b)))
		}),
		"Fn::GetAZs": unknown, "Fn::Cidr": unknown, "Fn::Transform": unknown, "Fn::GetStackOutput": unknown, "Rain::Embed": unknown, "Rain::Module": unknown,
	}
}

func (d *deployment) ref(name string) any {
	name = strings.TrimSpace(name)
	if name == "AWS::NoValue" {
		return map[string]any{noValue: true}
	}
	if p := d.t.parameters[name]; p != nil {
		kind := p.str("Type")
		def := p.get("Default")
		text, ok := d.given[name]
		if !ok && def.scalar() {
			text, ok = def.canonical(), true
		}
		isList := kind == "CommaDelimitedList" || strings.Contains(kind, "List<") || strings.Contains(kind, "<CommaDelimitedList>")
		switch {
		case !ok:
			text = "${" + name + "}"
		case strings.HasPrefix(kind, "AWS::SSM::Parameter::Value<"):
			text = "${SSM:" + text + "}"
		}
		if !isList {
			return d.token(text)
		}
		elements := []any{}
		for _, s := range strings.Split(text, ",") {
			elements = append(elements, d.token(strings.TrimSpace(s)))
		}
		return elements
	}
	if text, ok := d.given[name]; ok {
		return d.token(text)
	}
	return d.token(d.resource(name, "Ref"))
}

// resource returns the name of a role or user, or the ARN of a provider or, for the attribute Arn, of a role or user.
func (d *deployment) resource(id, attribute string) string {
	expr := id
	if attribute != "Ref" {
		expr += "." + attribute
	}
	unknown := "${" + expr + "}"
	r := d.t.byID[id]
	if r == nil || d.visiting[expr] {
		return unknown
	}
	d.visiting[expr] = true
	defer delete(d.visiting, expr)
	property := func(name string) (string, bool) {
		n := r.node.get("Properties").get(name)
		if n == nil {
			return "", false
		}
		s, ok := d.value(n).(string)
		return s, ok
	}
	arn := func(resource string) string {
		return "arn:" + d.must(d.ref("AWS::Partition")) + ":iam::" + d.must(d.ref("AWS::AccountId")) + ":" + resource
	}
	switch r.kind {
	case roleType, userType:
		kind := strings.TrimPrefix(r.kind, "AWS::IAM::")
		name, ok := property(kind + "Name")
		if !ok {
			return unknown
		}
		if attribute == "Ref" {
			return name
		}
		path, ok := property("Path")
		if !ok {
			path = "/"
		}
		if attribute == "Arn" {
			return arn(strings.ToLower(kind) + path + name)
		}
	case samlType:
		if name, ok := property("Name"); ok && (attribute == "Ref" || attribute == "Arn") {
			return arn("saml-provider/" + name)
		}
	case oidcType, cdkOIDCType:
		url, ok := property("Url")
		if ok && !strings.HasPrefix(url, "${") && (attribute == "Ref" || attribute == "Arn" && r.kind == oidcType) {
			return arn("oidc-provider/" + strings.TrimPrefix(url, "https://"))
		}
	}
	return unknown
}

func (d *deployment) getAtt(arg any) any {
	var id, attribute string
	if s, ok := d.text(arg); ok {
		id, attribute, _ = strings.Cut(s, ".")
	} else {
		id = d.must(list(arg)[0])
		var rest []string
		for _, e := range list(arg)[1:] {
			rest = append(rest, d.must(e))
		}
		attribute = strings.Join(rest, ".")
	}
	if r := d.t.byID[id]; r != nil && r.kind == cdkJSONType && attribute == "Value" {
		if s, ok := d.value(r.node.get("Properties").get("Value")).(string); ok {
			var v any
			if json.Unmarshal([]byte(s), &v) == nil {
				return d.hide(v)
			}
		}
	}
	return d.token(d.resource(id, attribute))
}

// hide puts tokens in the place of the scalars of v.
func (d *deployment) hide(v any) any {
	switch v := v.(type) {
	case []any:
		out := []any{}
		for _, e := range v {
			out = append(out, d.hide(e))
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			out[k] = d.hide(e)
		}
		return out
	case nil:
		return nil
	}
	return d.token(fmt.Sprint(v))
}

func (d *deployment) sub(arg any) any {
	text, ok := d.text(arg)
	variables := map[string]any{}
	if !ok {
		args := list(arg)
		text = d.must(args[0])
		if len(args) > 1 {
			variables = args[1].(map[string]any)
		}
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			break
		}
		b.WriteString(before)
		text = after
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			b.WriteString("${" + literal + "}")
			continue
		}
		name = strings.TrimSpace(name)
		v, ok := variables[name]
		switch id, attribute, dotted := strings.Cut(name, "."); {
		case ok:
		case dotted:
			v = d.token(d.resource(id, attribute))
		default:
			v = d.ref(name)
		}
		b.WriteString(d.join(",", v))
	}
	b.WriteString(text)
	return d.token(b.String())
}

// join returns the elements of a list joined, or the text that v is.
func (d *deployment) join(delimiter string, v any) string {
	if s, ok := d.text(v); ok {
		return s
	}
	if isNoValue(v) {
		return ""
	}
	var parts []string
	for _, e := range list(v) {
		if e != nil && !isNoValue(e) {
			parts = append(parts, d.must(e))
		}
	}
	return strings.Join(parts, delimiter)
}

func (d *deployment) split(arg any) any {
	args := list(arg)
	out := []any{}
	for _, s := range strings.Split(d.must(args[1]), d.must(args[0])) {
		out = append(out, d.token(s))
	}
	return out
}

func (d *deployment) selectElement(arg any) any {
	args := list(arg)
	i, err := strconv.Atoi(d.must(args[0]))
	var elements []any
	for _, e := range list(args[1]) {
		if !isNoValue(e) {
			elements = append(elements, e)
		}
	}
	if err != nil || i < 0 || i >= len(elements) {
		panic("no such element")
	}
	return elements[i]
}

func (d *deployment) findInMap(arg any) any {
	args := list(arg)
	row := d.t.root.get("Mappings").get(d.must(args[0])).get(d.must(args[1]))
	if n := row.get(d.must(args[2])); n != nil {
		return d.tokens(n, 0)
	}
	if len(args) == 4 {
		return args[3].(map[string]any)["DefaultValue"]
	}
	panic("no such value in the mapping")
}

// condition reports whether the template's condition of that name holds.
func (d *deployment) condition(name string) bool {
	c, ok := d.t.conditions[name]
	if !ok || d.visiting["condition "+name] {
		panic("no such condition, or one that depends on itself")
	}
	d.visiting["condition "+name] = true
	defer delete(d.visiting, "condition "+name)
	s, ok := d.value(c.node).(string)
	if !ok {
		object, _ := d.value(c.node).(map[string]any)
		name, _ := object["Condition"].(string)
		return d.condition(name)
	}
	return s == "true"
}

// truth returns the outcome of a condition within another.
func (d *deployment) truth(v any) bool {
	if s, ok := d.text(v); ok {
		return s == "true"
	}
	return d.condition(d.must(v.(map[string]any)["Condition"]))
}

// all returns whether every one of args is want, or for Fn::Or, where want is false, whether one is not.
func (d *deployment) all(args []any, want bool) any {
	for _, a := range args {
		if d.truth(a) != want {
			return d.token(strconv.FormatBool(!want))
		}
	}
	return d.token(strconv.FormatBool(want))
}
