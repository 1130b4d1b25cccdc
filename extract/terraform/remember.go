package terraform

import "strings"

// A value that depends on choices rests on the questions that were asked while it was worked out, each of which follows from
// the answers before it. It is the value of every later run that answers them alike: asking them again instead of evaluating
// is what keeps many alternatives of a large configuration cheap.

// A question is which of some conditions holds. Its answer is the index of that condition, -1 for none.
type question struct {
	cond   string   // the only one
	among  []string // or those of which at most one holds
	one    bool     // and at least one
	answer int
}

func (q *question) key() string {
	if q.among == nil {
		return q.cond
	}
	key := strings.Join(q.among, "\x00")
	if q.one {
		key += "\x00"
	}
	return key
}

// mentions reports whether one of the conditions is in the set.
func (q *question) mentions(conds map[string]bool) bool {
	if conds[q.cond] {
		return true
	}
	for _, cond := range q.among {
		if conds[cond] {
			return true
		}
	}
	return false
}

// questions are those asked so far, each once, in order.
type questions struct {
	list []question
	keys map[string]bool
}

func (qs *questions) add(q question) {
	if qs == nil {
		return
	}
	key := q.key()
	if qs.keys[key] {
		return
	}
	if qs.keys == nil {
		qs.keys = map[string]bool{}
	}
	qs.keys[key] = true
	qs.list = append(qs.list, q)
}

// ask answers a question in the current run.
func (c *choices) ask(q question) int {
	q.answer = c.answer(&q)
	c.asked.add(q)
	return q.answer
}

func (c *choices) answer(q *question) int {
	if q.among == nil {
		if c.decide(q.cond) {
			return 0
		}
		return -1
	}
	for i, cond := range q.among {
		if c.assumed[cond] {
			return i
		}
	}
	for i, cond := range q.among {
		if _, ok := c.assumed[cond]; !ok && i == len(q.among)-1 && q.one {
			c.assume(assumption{cond: cond, truth: !c.excluded(cond), follows: true})
		}
		if c.decide(cond) {
			return i
		}
	}
	return -1
}

// A remembered is a value that depends on choices, with all that it rests on.
type remembered struct {
	val     *value
	asked   []question
	state   state
	sharp   bool // choices.sharpened was set
	without bool // choices.without was set
}

// state is what else the value of an expression depends on.
type state struct{ blunt, trying, aside bool }

func (e *evaluator) state() state {
	return state{e.blunt, e.trying > 0, e.aside}
}

// maxRemembered is how many values of one name are kept. The runs turn the last condition first, so that a value that rests on
// earlier ones is needed again soon or not at all.
const maxRemembered = 2

// keep notes the value of that name for later runs.
func (c *choices) keep(k memoKey, r *remembered) {
	earlier := c.earlier[k]
	if len(earlier) == maxRemembered {
		earlier = earlier[:copy(earlier, earlier[1:])]
	}
	c.earlier[k] = append(earlier, r)
}

// remember returns the value of that name in the current run, if it or an earlier one had it.
func (e *evaluator) remember(k memoKey) (*value, bool) {
	if r, ok := e.chosen[k]; ok {
		e.rest(r)
		return r.val, true
	}
	for _, r := range e.earlier[k] {
		if r.state == e.state() && e.answersAlike(r) {
			e.rest(r)
			e.chosen[k] = r
			return r.val, true
		}
	}
	return nil, false
}

// answersAlike asks the questions that r rests on, up to the first one whose answer differs: evaluation would ask them too.
func (c *choices) answersAlike(r *remembered) bool {
	for i := range r.asked {
		if c.answer(&r.asked[i]) != r.asked[i].answer {
			return false
		}
	}
	return true
}

// rest notes that what is being worked out rests on r.
func (c *choices) rest(r *remembered) {
	c.sharpened = c.sharpened || r.sharp
	c.without = c.without || r.without
	for _, q := range r.asked {
		c.asked.add(q)
	}
}
