"""Hints of week 4: for every diagnosis a question, a pointer, a structure, a neighbouring problem."""

from __future__ import annotations

from dlf.labs.exercise import Hints

HINTS = Hints()
hint = HINTS.add

ORDER, NODE = "topological_order", "AutoDiffNode.backward"
FORWARD, BACKWARD = "ComputationalGraph.forward", "ComputationalGraph.backward"
JVP, JACOBIAN = "jvp", "jacobian_forward"
CHECKER, CHECKPOINT, PROJECT = "gradient_check", "checkpoint", "project"


# ---- where to begin ---------------------------------------------------------------------------

hint(
    ORDER,
    None,
    "When may a node be written into the list, if all its children have to stand there before it?",
    "Depth first, and a node goes into the list when you leave it, not when you enter it.",
    "A stack of pairs (node, children_done), a set of the nodes that were entered. Popped with children_done: append "
    "to the list. Popped without, and not entered before: push it again with True, then its children with False.",
    "Files before the folder that holds them: delete a folder's content first, then the folder. For folder/a.txt, "
    "folder/b/c.txt the order is a.txt, c.txt, b, folder.",
)
hint(
    NODE,
    None,
    "For y = a * b: what does a node of y have to remember, so that it can later tell a and b their gradients?",
    "Its children and operation = (name, settings). Write pull first: a tuple with one cotangent for each operand, "
    "(g * y,) for exp; settings['exponent'] of power, settings['axis'] and settings['keepdims'] of sum, for spread.",
    "backward: check the shape of gradient; waiting = {id(self): g}. For each node of topological_order(self), from "
    "its end: take its g out; a leaf keeps it; else add unbroadcast(part, child.value.shape) to what waits for it.",
    "For y = x1 * x2 + x1 by hand, at (2, 5): y 1; the product 1; x1 first 1 from the sum, then 5 more from the "
    "product, together 6; x2 2. With x2 a number for 8 rows: the sum of 8 such parts.",
)
hint(
    FORWARD,
    None,
    "The expression is written once, before there are numbers. What does x + y leave behind then?",
    "A node without a value that knows its children and its operation; forward fills in the values, children first.",
    "input: a node with value None, kept under its name. output: topological order of what it needs, kept in nodes. "
    "forward: check the names, set the inputs' values, compute every other node from its children.",
    "A spreadsheet: the formulas stay, the numbers in column A change, and every cell is computed after the cells it "
    "refers to.",
)
hint(
    BACKWARD,
    None,
    "Which gradients are still on the nodes from an earlier call, and which of them may stay?",
    "None may: set the gradients of the inputs to zeros of the shape of their values, then run the output's backward.",
    "for every input: gradient = zeros like its value; output.backward(); return {name: node.gradient}.",
    "A till: before the new day's sales are added, yesterday's sum is taken out. Without that every day shows the "
    "total.",
)
hint(
    JVP,
    None,
    "f(x + e v) with e so small that e^2 = 0: what are the two numbers that describe the result?",
    "A value and a tangent. A class with both, and for every operator a rule for each.",
    "a + b: tangents add. a * b: da b + a db. f(a): f'(a) da. Constants have tangent 0. jvp makes the pair (x, v), "
    "calls f, and returns value and tangent of the result.",
    "At x = 2 in the direction 1, for x^2 + 3 x: (2, 1) squared is (4, 4), 3 x is (6, 3), the sum (10, 7), and 2 x + "
    "3 is 7.",
)
hint(
    JACOBIAN,
    None,
    "What is J times the unit vector (0, 1, 0)?",
    "Column 1 of J: one pass of jvp gives one column.",
    "for j: e = zeros, e[j] = 1; column j is the dy of jvp(f, x, e). Put the columns side by side.",
    "For f(x) = (x0 x1, x0 + x2, x1) at (2, 3, 5), along e_0: dy = (3, 1, 0), the first column.",
)
hint(
    CHECKER,
    None,
    "f(x) is an array. Of which single number does grad(x, cotangent) claim to be the gradient?",
    "Of sum(cotangent * f(x)). Move one entry of a copy of x by +h and by -h, and difference that number.",
    "cotangent: given, or random normal. For every entry (phi(x + h e) - phi(x - h e)) / (2 h) with h near 1e-5. "
    "Shapes equal, and |a - n| <= 1e-5 (|a| + |n|) + a floor.",
    "For phi(x) = sum(c * x^3) at x = 2: (8.00012 - 7.99988) / 2e-5 = 12.0000 c, against 3 x^2 c.",
)
hint(
    CHECKPOINT,
    None,
    "What is enough to repeat a run of the segment exactly, and what of the run may be forgotten?",
    "Enough: x, the generator as it was, the state as it was. The pullback of the first run may go; it is what holds "
    "the memory.",
    "Before: copy x, rng, segment.state. y, _ = segment(x, rng). pullback(c): put the copied state in place, run the "
    "segment with copies of x and rng, put the present state back, return the new pullback's answer to c.",
    "A film is not kept frame by frame: the script and the weather of the day are, and it is shot again when it is "
    "asked for.",
)
hint(
    "bug_hunt",
    None,
    "Which operations does x.softmax().sum() use, and what does it say about the others? And about softmax?",
    "Its true gradient is 0, and zeros, or a missing factor, give 0 as well. Weigh the outputs with numbers that "
    "differ.",
    "def expose(suspect): one expression with broadcasting, tanh, softmax and a node used twice, short path first; a "
    "random cotangent; compare with central differences.",
    "To test a scale, weigh 1, 2 and 5 kg. Nothing on it, zero shown: that passes for a scale that always shows zero.",
)
hint(
    PROJECT,
    None,
    "Which operations can be written with others, so that you need no rule of their own for them?",
    "Read the line 'Right so far'. Begin with +, *, sum, and the order; sigmoid, mean, softmax and logsumexp can be "
    "built.",
    "A few primitives, each with forward, the gradient and the tangent; one apply() that records; un-broadcasting in "
    "one place. grad, jvp and checkpoint come last and are short.",
    "cosh from exp: (x.exp() + (-x).exp()) * 0.5 needs no rule of its own, and its gradient is right because theirs "
    "are.",
)

# ---- topological_order ------------------------------------------------------------------------

hint(
    (ORDER, NODE, PROJECT),
    "4.3",
    "In a + 3a: which nodes are one step from the result, and which of them needs the other first?",
    "a is one step away and also two. Distance from the result is no order; the longest path decides.",
    "Leave the queue. Depth first, listing a node when you leave it (post-order), and read the list backwards.",
    "Getting dressed: shoes are one step from 'ready', and so are socks; socks still come before shoes.",
)
hint(
    (ORDER, NODE, PROJECT),
    "4.4",
    "In 2a + 3a: when do you list a, and has 3a been listed by then?",
    "You list a node when you enter it. On the way down not all of its parents were seen yet.",
    "List it when you leave it, after all its children. That list backwards has every parent before its children.",
    "Numbering the rooms of a house as you enter them says nothing about which room is behind which; as you leave for"
    " good, it does.",
)
hint(
    (ORDER, NODE, PROJECT),
    "4.6",
    "x = x + x, sixteen times: how many nodes, how many paths?",
    "17 nodes, 65,536 paths. A walk along all paths takes a time that doubles with each node.",
    "A set of entered nodes: enter a node only if it is not there. In backward: complete gradients, one visit a node.",
    "Fibonacci numbers by plain recursion take exponential time; a table of what is known makes it linear.",
)
hint(
    (ORDER, PROJECT),
    "4.24",
    "How deep do your calls nest for a chain of n nodes?",
    "n deep, and Python stops near 1,000. A list of your own has no such limit.",
    "stack = [(node, False)]; while stack: pop; if children_done, append to the order; else push (node, True), then "
    "the children.",
    "Walking folders with os.walk or with a list of folders to visit: neither calls itself.",
)
hint(
    (ORDER, NODE),
    "4.25",
    "What of the first call is still there when the second begins?",
    "An attribute on the nodes, a default argument, or a variable outside of the function.",
    "visited = set() as the first line of the function, holding the nodes (or their id); nothing written on a node.",
    "def add(item, bag=[]) fills one bag for ever: the default is made once, when the function is defined.",
)
hint(
    ORDER,
    "4.26",
    "Is a node without children a node? Is the one you begin with?",
    "Both belong into the list: leaves come first, the node itself last.",
    "Append without a condition when a node is left. The loop over children is empty for a leaf, and that is all.",
    "Counting people in a family tree: those without children count, too.",
)

hint(
    ORDER,
    "4.43",
    "For b = 3a: which of the two has to have its value before the other can be computed?",
    "a, the child. A list that begins with it can be computed from left to right, and swept from right to left.",
    "Append a node when you leave it, and do not reverse; or return order[::-1] if you build it parents first.",
    "A recipe lists the dough before the cake; to trace a bad taste one reads it from the end.",
)
hint(
    ORDER,
    "4.44",
    "In a + 3a: a is pushed first, by the root. What does 3a do when it finds a marked?",
    "It skips a, and is listed before it, though a is only waiting on the stack. Waiting is not entered.",
    "Push without a look; when a node is popped, go on if it is in the set, else put it there and push (node, True) "
    "and its children.",
    "A name on a waiting list is not yet a seat: who counts it as one sells the room short.",
)

# ---- AutoDiffNode -----------------------------------------------------------------------------

hint(
    (NODE, PROJECT),
    "4.1",
    "x * x has x as its first and as its second operand. How much does each of the two tell x?",
    "Each tells x; the derivative is 2x because both count.",
    "Where a child receives a gradient, add: child.gradient = child.gradient + part.",
    "The total derivative of f(u(t), v(t)) is f_u u' + f_v v': a sum over the ways in which t is used.",
)
hint(
    (NODE, PROJECT),
    "4.2",
    "a is used twice. How often does your code hand on a's gradient, and how complete is it each time?",
    "Twice: a part, then the whole. The part is counted again in the whole.",
    "First let all parents report, then hand on once: loop over the nodes in topological order, the result first.",
    "A treasurer who forwards the balance with every payment sends the first payment many times; one who waits for "
    "the evening sends the sum once.",
)
hint(
    (NODE, PROJECT),
    "4.7",
    "b of shape (4,) was added to 8 rows. In how many places does b[0] take part?",
    "In 8; its gradient is the sum over them. The gradient has the shape of b, not of the result.",
    "unbroadcast(g, shape): sum over the leading axes that shape lacks; then sum, with keepdims, over the axes where "
    "shape has 1 and g has not.",
    "A fee added to each of 30 bills: one unit more of it changes the total by 30.",
)
hint(
    (NODE, PROJECT),
    "4.8",
    "a is (2, 3), b is (3, 5), g is (2, 5). Which product of g and b has the shape of a?",
    "Only g @ b.T; and only a.T @ g has the shape of b. Shapes nearly write the rule.",
    "C_ij = sum_k a_ik b_kj, so dL/da_ik = sum_j g_ij b_kj: g @ b.T. In the same way a.T @ g.",
    "For y = M v with a vector: dL/dv = M.T g. The map goes back through the transpose.",
)
hint(
    (NODE, PROJECT),
    "4.10",
    "What is the derivative of y with respect to y?",
    "1 for a single number. For several numbers there is no one gradient: somebody has to say how they are weighed.",
    "if gradient has not the shape of value (a single number apart): raise ValueError; else start with it.",
    "The slope of 5 x is 5 also where 5 x = 100: the value is not a part of the slope.",
)
hint(
    (NODE, PROJECT),
    "4.11",
    "After the first backward a.gradient is 6. What does the second one start with at a?",
    "With what is left there. It is handed on once more, together with the new part.",
    "At the start of backward set the gradient of every node that has children to 0; leaves may keep theirs. Or "
    "collect the gradients in a dict of the call.",
    "A bucket chain in which each bucket keeps its water: the second round carries the first one again.",
)
hint(
    (NODE, PROJECT),
    "4.12",
    "Which operation does the small case name, and which line of pull is that? What is its derivative on paper?",
    "Every part is g times a local derivative. Is g there? Is the derivative taken of the right thing, an operand x[0] "
    "or the result y?",
    "Local derivatives: 1/b and -a/b^2; n a^(n-1); exp(a), which is y; 1/a; 1 - y^2 for tanh; 1 where a > 0. Compare "
    "yours at a = 1.5 with (f(1.5001) - f(1.4999)) / 0.0002.",
    "A square root, y = sqrt(a): the part is g / (2 y), from the result; g / (2 a) and 1 / (2 y) are the mistakes "
    "meant here.",
)
hint(
    JVP,
    "4.12",
    "Which operation does the small case name, and what is its derivative on paper?",
    "At x = 2 with v = 1 dy is the ordinary derivative: compare with the rule you know from school.",
    "da b + a db; da / b - a db / b^2; n a^(n-1) da; exp(a) da; da / a; (1 - tanh(a)^2) da; da where a > 0.",
    "sin: value sin(a), tangent cos(a) da. For (2, 1): sin 2 and cos 2.",
)
hint(
    (NODE, BACKWARD, PROJECT),
    "4.13",
    "The caller writes into the array between forward and backward. Whose array does your node hold?",
    "The caller's. np.asarray makes no copy of an array; np.array does.",
    "self.value = np.array(value, dtype=float), for leaves and for constants. In a loop that makes functions, bind "
    "the loop variable with a default argument.",
    "a = [1, 2]; b = a; a[0] = 9 changes b, too. b = list(a) is a list of its own.",
)
hint(
    CHECKPOINT,
    "4.13",
    "The pullback runs the segment later. With which x?",
    "With what the caller's array holds then. Keep the x of the first run.",
    "x_then = x.copy() as the first line; the pullback uses x_then.",
    "A recipe that says 'what is in the fridge' gives another meal tomorrow; a list of the ingredients does not.",
)
hint(
    (NODE, PROJECT),
    "4.22",
    "a + b: is the array that a receives the same object as the one b receives?",
    "Yes, if the rule returns (g, g). Then += in a writes into b's gradient.",
    "gradient = gradient + part makes a new array. Or copy the first part that a node receives.",
    "row = [0, 0]; table = [row, row]; table[0][0] = 1 changes both rows.",
)
hint(
    NODE,
    "4.37",
    "For which expression does your value differ from NumPy's?",
    "2 - a calls a.__rsub__(2): self is the right operand. .sum takes axis and keepdims as NumPy's does.",
    "__rsub__: other - self. __rtruediv__: other / self. .sum: self.value.sum(axis=axis, keepdims=keepdims).",
    "For a clock, 3 - t with t = 1 is 2 and not -2: the reflected method swaps the operands back.",
)
hint(
    JVP,
    "4.37",
    "For which expression does your value, or your tangent, differ?",
    "2 - x calls x.__rsub__(2): self is the right operand. The tangent of a sum is the sum of the tangent, over the "
    "same axis.",
    "__rsub__: other - self; __rtruediv__: other / self; .sum: the same axis and keepdims for value and tangent.",
    "(mean over rows) of value and tangent alike: x.mean(0), dx.mean(0).",
)
hint(
    (NODE, PROJECT),
    "4.38",
    "y = a.sum(axis=1) has shape (2,), a has (2, 3). Which entries of a does g[0] belong to?",
    "To row 0. g has to lie along the rows: as (2, 1) it broadcasts to (2, 3) the right way.",
    "If keepdims is False and axis is not None: g = np.expand_dims(g, axis). Then np.broadcast_to(g, a.shape).",
    "A total per row that is paid back: every entry of row i receives what the total of row i receives.",
)

# ---- ComputationalGraph -----------------------------------------------------------------------

hint(
    (FORWARD, BACKWARD),
    "4.27",
    "How does a node know that its children have new values?",
    "It does not. `if value is None` holds only once.",
    "forward computes every node that has children again, in topological order, whatever it held.",
    "A spreadsheet with automatic calculation off shows the old total under the new numbers.",
)
hint(
    BACKWARD,
    "4.28",
    "What does your backward find on the inputs when it is called for the second time?",
    "The gradients of the first time, if nothing clears them; or it returns what it remembered.",
    "backward: zeros for all inputs, then the output's backward, then collect.",
    "A stopwatch has to be set to 0 before each lap, if laps are to be told apart.",
)
hint(
    FORWARD,
    "4.29",
    "What do two graphs have in common in your class?",
    "What stands under `class` and not in __init__ is one object for all instances; so is a default argument.",
    "def __init__(self): self.nodes = []; and the table of inputs likewise.",
    "class Dog: tricks = [] teaches every dog every trick.",
)
hint(
    FORWARD,
    "4.30",
    "forward({'x': ...}) for a graph of x and w: which w does it use?",
    "The one of the last call, in silence. A misspelled name does the same.",
    "First line of forward: compare set(inputs) with the names; raise ValueError that lists both.",
    "A form with an empty required field is handed back, not filled in with last year's answer.",
)
hint(
    BACKWARD,
    "4.39",
    "The output does not use an input. How much does it change when that input does?",
    "Not at all: its gradient is zeros, in its shape. No path reaches the node, so nobody writes a gradient there.",
    "Set every input's gradient to np.zeros_like(value) before the output's backward; return all inputs.",
    "f(x, y) = x^2 has the gradient (2x, 0), with two entries.",
)

# ---- forward mode -----------------------------------------------------------------------------

hint(
    JVP,
    "4.23",
    "x is (3,), the constant (2, 3): which shape has x + constant, and which has your tangent?",
    "The value is (2, 3). The tangent of the constant is 0, in the constant's shape, and not left out.",
    "Give every dual number a tangent of the shape of its value: np.broadcast_to(tangent, value.shape) in __init__.",
    "mean + noise with noise (100, 3): a change of the mean changes all 100 rows.",
)
hint(
    JVP,
    "4.40",
    "How often do you call f, and what do you divide by?",
    "A difference quotient has an error of its step. The dual number has none.",
    "A class with value and tangent; f is called once with it.",
    "x^2 at 3: a quotient with h = 1e-6 gives 6.000001; the rule 2 x dx gives 6.",
)
hint(
    JACOBIAN,
    "4.40",
    "What do you divide by to get a column?",
    "By a step, it seems. jvp gives the column without one.",
    "column j = jvp(f, x, e_j)[1].",
    "The columns of a matrix M are M e_j, exactly; (M(x + h e_j) - M x) / h only nearly.",
)
hint(
    JVP,
    "4.41",
    "What happens to your dy when v is doubled? When v is 0?",
    "It has to double, and to vanish: dy is linear in v, and v comes as it is.",
    "The dual number that f receives has the value x and the tangent v.",
    "The directional derivative of a hill is along the way you walk; twice the pace, twice the climb.",
)
hint(
    JACOBIAN,
    "4.41",
    "Which v gives column j, and nothing of the others?",
    "The one that is 1 at j and 0 elsewhere.",
    "for j in range(n): e = np.zeros(n); e[j] = 1.0.",
    "To hear one string of a guitar, pluck that one: all together give a chord.",
)
hint(
    JACOBIAN,
    "4.15",
    "f maps 3 numbers to 2. How many numbers does one pass give, and where do they stand in J?",
    "2: the derivatives of both outputs along one input. That is a column of the (2, 3) array.",
    "J = np.empty((m, n)); J[:, j] = dy. Or np.stack(columns, axis=1).",
    "A table with a row a pupil and a column a test: one test, corrected for all pupils, fills a column.",
)

# ---- gradient_check ---------------------------------------------------------------------------

hint(
    CHECKER,
    "4.19",
    "How large is the error of your quotient, from h and from rounding?",
    "One-sided h f''/2, central h^2 f'''/6, rounding 1e-16 / h. Central differences are best near h = 1e-5.",
    "(phi(x + h e) - phi(x - h e)) / (2 h), h = 1e-5 or so, in float64; a tolerance near 1e-5.",
    "exp at 0 with h = 1e-2: one-sided 1.00502, central 1.00002.",
)
hint(
    CHECKER,
    "4.20",
    "Which number do you compare: of one entry, of all, a mean? And the derivative of which sum?",
    "A plain sum is blind to softmax, a mean to one wrong entry, a quotient by an entry trips over zeros.",
    "Random cotangent; |a - n| in one norm over the whole array, divided by |a| + |n| + floor, the floor about the "
    "rounding of the quotient.",
    "Are two recordings alike? Loudest difference over loudest sound tells; the ratio in the silent parts does not.",
)
hint(
    CHECKER,
    "4.21",
    "Whose array do you move, and is it again bit by bit what it was?",
    "Move a copy: no put-back, no view, no trap with arrays that are not contiguous.",
    "for i in np.ndindex(x.shape): plus = x.copy(); plus[i] += h; minus = x.copy(); minus[i] -= h.",
    "0.1 + 0.2 - 0.2 is 0.10000000000000003: going there and back is not standing still.",
)
hint(
    CHECKER,
    "4.31",
    "Gradients of size 1e-6, off by 1e-6: is that good? And of size 1e6?",
    "The first is off by 100 %, the second by a billionth. Divide by the size.",
    "error = |a - n| / (|a| + |n| + floor), the floor small against both.",
    "A centimetre is a good fit for a bridge and none for a watch.",
)
hint(
    CHECKER,
    "4.45",
    "Central differences are right to about 1e-10. Which relative errors are to pass, and which not?",
    "Below 1e-7 accept, above 1e-3 reject. A tolerance in the middle, on a logarithmic scale, is safe on both sides.",
    "|a - n| <= 1e-5 * max(|a|, |n|) + floor, with norms of the whole arrays.",
    "To tell pounds from kilograms a kitchen scale will do; a laboratory's shows that no two breads weigh the same.",
)
hint(
    PROJECT,
    "4.46",
    "max(3, 3): how much does it grow when both entries grow by 0.01? And by your gradient?",
    "By 0.01; two ones promise 0.02. The weights of the ties add up to 1.",
    "at = x == y; at / at.sum(axis, keepdims=True) shares it; argmax gives it to the first.",
    "Two runners tie for a prize of 100: each gets 50, or a coin decides; 100 for both was not in the budget.",
)
hint(
    CHECKER,
    "4.32",
    "What is NaN > 1e-5, and what is NaN < 1e-5?",
    "Both are False. So ask for what must be true, not for what must not.",
    "return bool(error < tolerance); or look with np.isfinite first.",
    "'Nobody said no' and 'somebody said yes' differ when nobody speaks.",
)
hint(
    CHECKER,
    "4.33",
    "Which cotangent does grad get, and which one weighs your differences?",
    "The given one both times; a random one only when none is given.",
    "c = rng.standard_normal(y.shape) if cotangent is None else cotangent; then c everywhere.",
    "Two scales are compared with the same weight on both.",
)
hint(
    CHECKER,
    "4.34",
    "What shape does a - n have when a is (1, 3, 4) and n is (3, 4)?",
    "(1, 3, 4): broadcasting makes them fit. A gradient has the shape of x and no other.",
    "if analytic.shape != x.shape: return False, before anything is compared.",
    "A key of the right teeth and the wrong length opens in the drawing, not in the door.",
)

# ---- checkpoint -------------------------------------------------------------------------------

hint(
    CHECKPOINT,
    "4.16",
    "Where does rng stand at the first run, at the pullback, at a second pullback?",
    "At three different places, unless you copy it. The recomputation needs the first place, and the caller's rng "
    "must not move.",
    "rng_then = copy.deepcopy(rng) before the first run; segment(x_then, copy.deepcopy(rng_then)) in every pullback.",
    "To replay a game of dice, write down the throws before; throwing again gives another game.",
)
hint(
    CHECKPOINT,
    "4.17",
    "What does segment.state hold before the first run, after it, when the pullback begins, and when it ends?",
    "The second run needs the first; the end needs what the beginning of the pullback held. Arrays that are written "
    "in place need deep copies.",
    "Before: then = copy.deepcopy(segment.state). Pullback: now = segment.state; segment.state = copy.deepcopy(then);"
    " run; segment.state = now.",
    "To look up yesterday's page you turn back, read, and return to today's: nothing is written twice.",
)
hint(
    (CHECKPOINT, PROJECT),
    "4.35",
    "Which variables does your pullback reach, and what does each of them hold alive?",
    "The first run's pullback holds all that it computed. Anything that refers to it keeps it.",
    "y, _ = segment(x, rng): nothing else refers to the second value, so it goes when the function returns, or before.",
    "A photograph of a page frees the shelf only if the book is given away.",
)
hint(
    CHECKPOINT,
    "4.36",
    "Which sum is your gradient the gradient of? What happens when the cotangent is doubled?",
    "It has to double. The recomputed pullback wants the same cotangent.",
    "_, again = segment(...); return again(cotangent).",
    "vjp is linear in the cotangent: zeros in, zeros out.",
)
hint(
    (CHECKPOINT, PROJECT),
    "4.42",
    "How often does the segment run in the forward pass, and how often in one pullback?",
    "Once and once: that is the price of checkpointing, one more forward pass.",
    "Keep y of the first run. Do not run it again for the value, nor once for every operand.",
    "A cake that is baked for the photograph need not be baked again for its weight.",
)
