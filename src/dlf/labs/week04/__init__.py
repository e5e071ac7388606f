"""Week 4, automatic differentiation: exercises, exactly.

Arrays are float64. Constants in an expression are numbers on either side of an operator, or arrays on
its right: NumPy's own operator would come first for an array on the left.

`topological_order(node)` -> list
    node, and every node it can reach through `.children` (a tuple or list of nodes, empty for a
    leaf), each exactly once and compared by identity; a node may occur twice among the children of
    one parent. Children before their parents, node last. Any such order. Works for a chain of 5,000 nodes,
    visits a node once however many paths lead to it, and leaves the nodes as they are, so that a second
    call gives the same.

`AutoDiffNode(value, children=None, operation=None)`, a class; a check calls AutoDiffNode(value) only
    value is a float or an array; what the caller does to the array later changes no gradient.
    `+ - * / **` with NumPy's broadcasting (the exponent of ** is a number), `@` of two matrices, unary
    minus, `.exp() .log() .tanh() .relu()`, `.sum(axis=None, keepdims=False)` with axis None or an int,
    negative ones included. Each returns a node; `.value` is its array (or number).
    `AutoDiffNode.backward(gradient=1)` sets `.gradient` of every leaf to the sum over the entries of
        gradient * self.value, differentiated; it has the shape of the leaf's value. gradient has the
        shape of self.value, else ValueError; so has backward() for a value that is not a single number. Every
        node is visited once. A second backward() may add to the gradients of leaves, or start anew;
        the gradients of the nodes between take no part in it. The caller's arrays stay as they are.
        The values of all operators are checked first.

`ComputationalGraph()`, a class: built once, run with many inputs
    `.input(name)` -> AutoDiffNode without a value (None). An operator on a node without a value
    makes a node without a value; forward computes it. `.output(node)` names the result; from then
    on `.nodes` is a list that holds the inputs and the nodes up to the output, none twice.
    `ComputationalGraph.forward({"x": array, ...})` -> value of the output. Every call computes
        everything again, also for other shapes. ValueError or KeyError for a name that is
        missing or unknown. The arrays stay as they are, and may be changed by the caller later.
    `ComputationalGraph.backward()` -> {"x": gradient, ...}: of the scalar output of the last forward,
        for every input, zeros for one that the output does not use. Nothing is carried over from an
        earlier forward or backward, and what those returned stays as it is. Two graphs share nothing.

`jvp(f, x, v)` -> (y, dy)
    f(x) and its derivative along v, two arrays of the shape of f(x); x and v have one shape. f takes
    and returns your own dual numbers and knows only the operators and methods listed above. One
    call of f, exact (no difference quotient).

`jacobian_forward(f, x)` -> (m, n)
    x (n,), f(x) (m,), entry [i, j] = d f_i / d x_j; f as in jvp, called at most n + 1 times.

`gradient_check(f, grad, x, cotangent=None)` -> bool
    Whether grad(x, cotangent), an array like x, is the gradient of sum(cotangent * f(x)) with
    respect to x. f(x) is an array of any shape, and so is x. Without a cotangent one is drawn
    at random, from a generator of your own; ones would do for no function whose outputs have a
    constant sum. Central differences. A relative error below 1e-7 is to be accepted, one above 1e-3
    rejected, also when the gradient is tiny (1e-6) or large (1e6), zero in places or everywhere, holds NaN,
    or has another shape. f may return a view of its argument; x, not always contiguous, is
    afterwards bit by bit what it was.

`checkpoint(segment, x, rng)` -> (y, pullback)
    segment(x, rng) -> (y, pullback) itself: y the array computed from the array x, pullback(cotangent)
    the gradient of sum(cotangent * y) with respect to x, an array like x. It may draw from rng, a
    np.random.Generator, and read and write `segment.state`, a dict of arrays it owns, in place too.
    checkpoint gives the same y and the same gradient, calls segment once, and keeps nothing of that run
    alive but x and what is needed to repeat it. Its pullback calls segment once more, with the same x, the same random
    numbers and the state of the first run's start; it leaves rng and segment.state as it
    found them, so that the state was updated once. It can be called again, with the same answer.

`bug_hunt`: expose(suspect) -> bool
    suspect is a class like AutoDiffNode with one more method, `.softmax()` over the last axis, and constants
    on either side of an operator, arrays included; True = a gradient is wrong. One suspect is right; the values of
    all are. For x.softmax().sum() every suspect gives the right gradient, zero.

`project`: a namespace with `Tensor, grad, jvp, checkpoint` (a class that holds them, or a module)
    `Tensor(data, requires_grad=False)`: `.data`, `.grad` (None before), `.backward(gradient=None)`; ValueError
    without a gradient unless data is a single number, and for a gradient of another shape. Several backward() may
    add up in leaves.
    `+ - * / ** @` and unary minus, constants as above; `@` of matrices (n, k) @ (k, m) and stacks (b, n, k) @ (b, k, m)
    or (b, n, k) @ (k, m); methods `.exp .log .sqrt .tanh .sigmoid .relu` without arguments,
    `.sum .mean .max .logsumexp (axis=None, keepdims=False)`, axis None, an int or a tuple of ints;
    `.softmax(axis=-1)`, `.log_softmax(axis=-1)`, `.reshape(shape)`, `.transpose(axes)` with tuples, and indexing
    `x[...]` with integers, slices and integer arrays. logsumexp, softmax and log_softmax stay finite for
    numbers of size 1000. Ties of max share the gradient with weights that add up to 1.
    `grad(f)(x)` -> array like x; f takes a Tensor and returns one with a single number.
    `jvp(f, x, v)` -> (y, dy), for every operation above; f takes and returns what has those operations.
    `checkpoint(f)` -> a function that takes and returns Tensors, f(*tensors) in value and gradient, which keeps
    no intermediate Tensor of f alive and calls f once more in the backward pass. Parameters that f holds itself
    receive their gradient, too, whether an operand requires one or not.
    A chain of 5,000 operations is differentiated without a RecursionError.
"""
