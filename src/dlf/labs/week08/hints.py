"""Hints of week 8: for every diagnosis a question, a pointer, a structure, a neighbouring problem."""

from __future__ import annotations

from dlf.labs.exercise import Hints

HINTS = Hints()
hint = HINTS.add

STATISTICS, CHECKER, FOLD = "batch_statistics", "gradient_check", "fold"
FORWARD, BACKWARD = "BatchNormalization.forward", "BatchNormalization.backward"
GROWTH, LANDSCAPE = "gradient_growth", "landscape_along_gradient"


# ---- where to begin ---------------------------------------------------------------------------

hint(
    STATISTICS,
    None,
    "How many numbers belong to channel 2 of an array (N, C, H, W), and along which axes do they lie?",
    "NumPy's mean and var take a tuple of axes; all axes but 1 are averaged.",
    "axes = every axis except 1; mean over axes; var over axes. Both results are (C,).",
    "For x (N, H, W, C) the same statistics are x.mean(axis=(0, 1, 2)) and x.var(axis=(0, 1, 2)).",
)
hint(
    FORWARD,
    None,
    "Which two pairs (mean, variance) does the layer know, and when is each used?",
    "Write training for (N, C) first: batch statistics, xhat, y. Then the running update. Then "
    "evaluation. Images last.",
    "if training: statistics, refuse one value a channel, move the running arrays; else: take the running "
    "arrays. Then xhat = (x - mean) / sqrt(var + eps); y = gamma * xhat + beta. Keep xhat.",
    "Standardizing rows: x - x.mean(axis=1, keepdims=True), divided by sqrt(x.var(axis=1, "
    "keepdims=True) + eps). The columns work alike.",
)
hint(
    BACKWARD,
    None,
    "x_1 changes. Through how many ways does y_3 of the same column notice?",
    "Three: directly, through the mean, through the variance. Write down each derivative alone.",
    "d = gamma * grad_output. dx = (d - (its column mean) - xhat * (column mean of d * xhat)) / "
    "sqrt(var + eps). grad_gamma and grad_beta are sums over the batch.",
    "Centring alone, z = x - mean(x): z_j depends on x_i by delta_ij - 1/m, so dx = dz - mean(dz). "
    "The variance adds one more term of the same kind.",
)
hint(
    CHECKER,
    None,
    "The output is an array. Of which single number is grad_output the gradient?",
    "Of sum(grad_output * y). Move one entry of x by +h and by -h and difference that sum.",
    "Save the running statistics; forward, backward; for each entry two forwards; put the "
    "statistics back; return |analytic - numeric| / |numeric|, in any usual norm.",
    "For f(x) = sum(c * x**2): numeric_i = (f(x + h e_i) - f(x - h e_i)) / (2 h), against 2 * c * x.",
)
hint(
    FOLD,
    None,
    "In evaluation mean and variance are constants. What kind of map of its input is the layer then?",
    "y = s * (z - running_mean) + beta with s = gamma / sqrt(running_var + eps), and z = x W + b.",
    "Insert z, collect what multiplies x and what does not: new weight, new bias.",
    "Folding a unit change: degrees = 1.8 * celsius + 32 with celsius = a * v + c is one map with "
    "the slope 1.8 a and the offset 1.8 c + 32.",
)
hint(
    GROWTH,
    None,
    "Where do you have to start to know the gradient at layer 5: at the input or at the output?",
    "Forward once and keep what each layer's backward needs; then one backward sweep, noting |g_l|^2 at every layer.",
    "forward: z = h W, normalize, ReLU. backward: mask, normalization backward, times W.T. "
    "Factor = exp of the mean of log(|g_(l-1)|^2 / |g_l|^2), without four layers at each end.",
    "For h_l = h_(l-1) W alone the factor is width * var(W): with var(W) = 2 / width it is 2.",
)
hint(
    LANDSCAPE,
    None,
    "You stand at params. Which points do you visit, and what do you note at each?",
    "Points params - eta * g with the same g. At each the loss and the gradient.",
    "g first; then for eta in etas: new list of arrays, loss, gradient. Range of the losses, largest "
    "norm of gradient - g, and that divided by |g|.",
    "For L = a x^2 / 2 at x = 1: g = a, the gradient at x - eta a is a (1 - eta a), so the change is "
    "eta a^2 and the relative change eta a.",
)
hint(
    "bug_hunt",
    None,
    "What must be true of every right layer, whatever its input?",
    "List properties: mean and spread of the output, the gradient check, the running update, "
    "evaluation row by row, a nearly constant column, images.",
    "def expose(suspect): one layer with gamma, beta not 1 and 0; one probe a property; return True "
    "at the first that fails, False at the end.",
    "To expose a wrong sort: is the output ordered, and is it a permutation of the input? Either "
    "test alone is passed by a wrong program.",
)
hint(
    "project",
    None,
    "Which parts have you already written, and which check speaks for each of them?",
    "Read the line 'Right so far': what comes after it is what to look at.",
    "Build dense, normalization, ReLU as forward/backward pairs; check each alone; then the "
    "cross-entropy; then the sum of them; only then train.",
    "A network of one dense layer and cross-entropy: gradient of the scores (p - onehot) / N, of the "
    "weight X.T @ that. Check it before you add a hidden layer.",
)

# ---- known mistakes ---------------------------------------------------------------------------

hint(
    (BACKWARD, GROWTH),
    "8.1",
    "If every x of a column grows by 1, what does y do? And what does your dx say about that?",
    "y does not move, so the sum of dx over a column is 0. With constant statistics it is not.",
    "Two more terms: one subtracts the column mean of d, one subtracts xhat times the column mean of d * xhat.",
    "z = x / sum(x): keeping the sum constant gives dz/sum; the right gradient also has "
    "-sum(dz * x) / sum^2 in every entry.",
)
hint(
    BACKWARD,
    "8.2",
    "What is dx.sum(axis=0) for your dx, and what should it be?",
    "Adding a constant to a column changes nothing, so it should be 0: the term through the mean.",
    "Subtract the column mean of d = gamma * grad_output, before dividing by the deviation.",
    "z = x - mean(x) has dx = dz - mean(dz): the second term is what a mean leaves behind.",
)
hint(
    BACKWARD,
    "8.3",
    "What is (dx * xhat).sum(axis=0) for your dx, and what if a column is multiplied by 2?",
    "Scaling a column hardly changes y, so it should be 0: the term through the variance.",
    "Subtract xhat times the column mean of d * xhat.",
    "z = x / |x| has dx = (dz - z * (z . dz)) / |x|: the part along z is taken out.",
)
hint(
    BACKWARD,
    "8.4",
    "What does your dx do when gamma doubles?",
    "y = gamma * xhat + beta: the chain rule passes through gamma first.",
    "d = grad_output * gamma, and d everywhere where you now have grad_output.",
    "z = a * tanh(x): dx = dz * a * (1 - tanh(x)^2). The a is easily lost when it is 1 in the test.",
)
hint(
    FOLD,
    "8.4",
    "What does the layer in evaluation do when gamma doubles?",
    "Both the new weight and the part of the bias under the normalization carry gamma.",
    "s = gamma / sqrt(running_var + eps), one number a column.",
    "Folding y = 3 * (z - 1) / 2 gives the slope 3/2, not 1/2.",
)
hint(
    (STATISTICS, FORWARD, BACKWARD),
    "8.5",
    "For m = 2 values 1 and 3: what is your variance, and what is the mean squared deviation?",
    "There are two conventions, 1/m and 1/(m-1). Normalization in training uses 1/m.",
    "np.var without ddof for the normalization. The unbiased one appears in one place only: running_var.",
    "The mean of xhat^2 over a column should be var / (var + eps), nearly 1: measure it.",
)
hint(
    FORWARD,
    "8.6",
    "Which variance describes the data the batch was drawn from without bias?",
    "The batch's own variance is too small by (m-1)/m on average; the running estimate corrects it.",
    "running_var moves towards var * m / (m - 1).",
    "Draw two numbers from N(0, 1) many times: their mean squared deviation averages 1/2, not 1.",
)
hint(
    FORWARD,
    "8.7",
    "After one step with momentum 0.1: how much of the old value should be left?",
    "In torch momentum is the weight of the new batch; in Keras of the old value.",
    "running = (1 - momentum) * running + momentum * batch.",
    "An average with weight 0.1 for the newest value forgets half in about 7 steps.",
)
hint(
    (FORWARD, BACKWARD, FOLD),
    "8.8",
    "What does your layer do with a column that is constant?",
    "var = 0 there, and eps is all that stands under the root.",
    "1 / sqrt(var + eps), once, in training and in evaluation; never in running_var.",
    "sqrt(x^2 + eps) is smooth at 0; |x| + eps is not. It matters where it stands.",
)
hint(
    STATISTICS,
    "8.8",
    "What is the variance of a column that is constant?",
    "0. The statistics say what the data are; eps is the layer's own and comes later.",
    "return mean, var; the layer then takes 1 / sqrt(var + eps).",
    "A scale that adds 5 grams for safety weighs nothing rightly; the cook adds them, if need be.",
)
hint(
    BACKWARD,
    "8.10",
    "By which factor is your dx off, and how large is m in that probe?",
    "The formula has means. A sum with 1/m in front, or the factor m outside, but not both.",
    "Compare (m d - sum d - xhat sum(d xhat)) / m with d - mean d - xhat mean(d xhat).",
    "z = x - mean(x): (m dz - sum dz) / m and dz - mean(dz) are the same; one 1/m, not none or two.",
)
hint(
    BACKWARD,
    "8.11",
    "Which of the three coefficients printed above differs from (1, -1, -1)?",
    "A coefficient of m means a sum where a mean belongs; a plus sign means one minus too few.",
    "Recompute the derivative of 1 / sqrt(var + eps) and of var by x_i; mind both signs.",
    "d/dx of 1/sqrt(v(x)) is -v'(x) / (2 v^(3/2)): the minus comes from the negative power.",
)
hint(
    (FORWARD, "project"),
    "8.12",
    "May the prediction for one row depend on which other rows are in the batch?",
    "In evaluation only stored numbers may be used, and nothing may be stored.",
    "The branch for evaluation reads running_mean and running_var and has no assignment to them. In "
    "training a single value a channel is refused.",
    "A lookup table that is filled while it is being read gives other answers in another order.",
)
hint(
    (FORWARD, BACKWARD),
    "8.13",
    "On a new layer, what is your training output compared with x?",
    "The running mean is 0 and the running variance 1 there, so it is x itself.",
    "In training compute mean and variance from x and use these; then move the running arrays.",
    "A thermostat that measures the weekly average cannot react to this hour.",
)
hint(
    BACKWARD,
    "8.15",
    "What does gamma multiply in forward: x or xhat?",
    "grad_gamma sums grad_output times what gamma multiplies; grad_beta sums grad_output.",
    "Sums over N (and H, W), no means: the average over the batch is in grad_output already.",
    "y = a * u + b: da = sum(dy * u), db = sum(dy), whatever the loss does.",
)
hint(
    (STATISTICS, FORWARD, BACKWARD),
    "8.16",
    "How many means do you compute for an input of shape (3, 4, 2, 5)?",
    "It should be 4, one a channel, each over 3 * 2 * 5 values.",
    "Average over all axes except 1, and reshape (C,) to (1, C, 1, 1) before it meets x.",
    "To add a bias per channel to (N, C, H, W): x + b[:, None, None]. Plain x + b lines up with W.",
)
hint(
    (STATISTICS, FORWARD, BACKWARD, CHECKER, FOLD, LANDSCAPE, "project"),
    "8.18",
    "Which of your arrays does somebody else hold as well?",
    "x -= mean writes into the caller's x. An attribute of the class belongs to all its objects.",
    "Make new arrays: x = x - mean; self.running_mean = np.zeros(n) inside __init__.",
    "def f(a, log=[]): the list is made once, when def runs, and every call shares it.",
)
hint(
    CHECKER,
    "8.19",
    "How often does your check call forward in training, and what does each call move?",
    "The running statistics. Afterwards the layer must be what it was before, in the same mode.",
    "Copies of the four arrays first; after the last forward layer.running_mean[:] = copy, and so "
    "on. Or work on copy.deepcopy(layer).",
    "Measuring a battery drains it a little: a good meter puts back what it took, or uses a twin.",
)
hint(
    CHECKER,
    "8.20",
    "What is the sum of one column of a normalized output, for any x?",
    "m * beta. It does not depend on x, so its true gradient is 0, and zeros pass.",
    "The loss is sum(grad_output * y) with the grad_output that was handed in, in backward and in the differences.",
    "softmax sums to 1: the gradient of its sum is 0, and a check with that loss accepts anything that returns 0.",
)
hint(
    STATISTICS,
    "8.21",
    "In which unit is a variance, if x is in metres?",
    "Square metres: the mean of squares, without a root.",
    "np.var, or the mean of (x - mean)**2.",
    "For 1 and 3: deviations -1 and 1, variance 1; for 1 and 5: variance 4, deviation 2.",
)
hint(
    STATISTICS,
    "8.22",
    "How many digits are left of 1e16 + 1 - 1e16 in float64?",
    "E[x^2] and E[x]^2 are both huge and nearly equal; their difference is rounding.",
    "centred = x - mean; var = mean of centred**2.",
    "(1e8 + 1)^2 - (1e8)^2 in float64, against (1e8 + 1 - 1e8) * (1e8 + 1 + 1e8).",
)
hint(
    FOLD,
    "8.23",
    "What does dense + normalization give for x = 0?",
    "s * (bias - running_mean) + beta: that is the new bias.",
    "Four ingredients: bias and running_mean inside the bracket, s in front, beta outside.",
    "2 * (3 x + 5 - 1) + 7 = 6 x + 15: both the 5 and the -1 are doubled, the 7 is not.",
)
hint(
    FOLD,
    "8.24",
    "Is a channel of the normalization a row or a column of weight (fan_in, fan_out)?",
    "A column: the output j of the dense layer. Its factor is gamma_j / sqrt(running_var_j + eps).",
    "weight * s broadcasts s along the last axis, over the columns.",
    "To double output 0 of x @ W, double W[:, 0].",
)
hint(
    GROWTH,
    "8.25",
    "For gradients with |g|^2 = 8, 4, 2 from the input to the output: what should you return?",
    "2: squared norms, towards the input, one layer.",
    "exp of the mean of log(|g_(l-1)|^2 / |g_l|^2).",
    "A capital that grows from 100 to 121 in two years grows by 1.1 a year, not by 1.21.",
)
hint(
    GROWTH,
    "8.26",
    "Which of normalization and ReLU is missing, forward or backward?",
    "Print the column means and deviations after the normalization, and the share of zeros after the ReLU.",
    "forward: h W, normalize, ReLU. backward: the same three in reverse.",
    "With He weights and ReLU alone the factor is 1; that is what He initialization is for.",
)
hint(
    LANDSCAPE,
    "8.27",
    "For etas (0.1, 0.2): how far from params is your second point?",
    "0.2 |g|, against the gradient, on the line through params.",
    "new = [p - eta * g for p, g in zip(params, start)], with the same params and start every time.",
    "To photograph a slope at 1, 2 and 3 metres, one walks back to the start in thought, each time.",
)
hint(
    LANDSCAPE,
    "8.28",
    "Your gradient is a list of arrays. What is the length of the whole list as one vector?",
    "The root of the sum of all squares, over all arrays together.",
    "sqrt(sum(((a - b)**2).sum() for a, b in zip(gradient, start))).",
    "The diagonal of a box with sides 3, 4, 12 is 13, not 19.",
)

hint(
    BACKWARD,
    "8.29",
    "In evaluation, does y_3 notice when x_1 of the same column changes?",
    "No: the running statistics are constants, so only the direct path is left, and gamma with it.",
    "forward keeps the mode, xhat and 1/sqrt(var + eps) of what it used; backward returns gamma * grad_output / "
    "sqrt(running_var + eps) in evaluation, and sums grad_output * xhat for gamma as before.",
    "y = a * (x - 3) / 2 with fixed 3 and 2: dx = a * dy / 2, whatever the other rows are.",
)
hint(
    (FORWARD, BACKWARD),
    "8.30",
    "Set gamma to 2 and beta to 1: what are the deviation and the mean of your output?",
    "The last step scales and shifts: y = gamma * xhat + beta.",
    "gamma and beta are (C,); for images they have the shape (1, C, 1, 1) where they meet xhat.",
    "From Celsius to Fahrenheit: 1.8 scales, 32 shifts; without them nothing was converted.",
)
hint(
    BACKWARD,
    "8.31",
    "Does your correction term change when a constant is added to x, or when gamma doubles?",
    "The term takes out the part of d along xhat, and xhat has mean 0 and mean square 1; x and y do not.",
    "d - mean(d) - xhat * mean(d * xhat), with the xhat that forward kept.",
    "Taking out the part along u: v - u (u . v) is right only for |u| = 1; along 3u it takes out 9 times as much.",
)
hint(
    BACKWARD,
    "8.32",
    "If x is measured in a unit 10 times smaller, its numbers grow by 10: what should dx do?",
    "xhat stays, so dx has to shrink by 10: it is divided by the deviation.",
    "dx = gamma / sqrt(var + eps) * (three terms).",
    "z = (x - 3) / s has dx = dz / s; forgetting the s goes unnoticed while s is 1.",
)
hint(
    BACKWARD,
    "8.33",
    "Which of the two parameters multiplies, and which is added?",
    "The gradient of what is added is the plain sum of grad_output.",
    "Order: (dx, grad_gamma, grad_beta); grad_gamma = sum(grad_output * xhat), grad_beta = sum(grad_output).",
    "y = a * u + b: da = sum(dy * u), db = sum(dy).",
)
hint(
    GROWTH,
    "8.34",
    "Call it with default_rng(1) and with default_rng(2): why should the two numbers differ?",
    "All randomness comes from the generator that is handed in.",
    "rng.standard_normal(shape) everywhere, and no default_rng inside the function.",
    "A die that is glued to the table shows the same number to everybody.",
)
hint(
    LANDSCAPE,
    "8.35",
    "For etas (0.3, 0.1): which points count for the range, and which eta gives the largest change?",
    "The two points of etas, and no third at params; the largest change may belong to any eta.",
    "Two lists, one entry for every eta: max(losses) - min(losses), and max(changes).",
    "The range of temperatures of a week does not include the day on which you bought the thermometer.",
)
hint(
    CHECKER,
    "8.36",
    "With h ten times smaller, how much smaller should the error of your differences be?",
    "A hundred times, for central differences: their error is of order h^2, as long as rounding is small.",
    "(f(x + h e) - f(x - h e)) / (2 h), with the h that is handed in; backward belongs to forward at x itself.",
    "For x^3 at 1: (1.1^3 - 0.9^3) / 0.2 = 3.01, and (1.1^3 - 1) / 0.1 = 3.31; the true slope is 3.",
)
hint(
    CHECKER,
    "8.37",
    "If the loss is measured in cents in place of euros, should your error change?",
    "No: divide by the size of the gradient, once, and do not square the quotient.",
    "norm(analytic - numeric) / norm(numeric), where norm takes the root.",
    "A length of 100 +- 1 cm and of 1 +- 0.01 m have the same relative error, 1 %.",
)
hint(
    "project",
    "8.19",
    "How often is loss_and_gradients called without a step of training, and what should remain of it?",
    "A gradient check and a picture of the loss call it hundreds of times: predict must not notice.",
    "loss_and_gradients normalizes with the batch and stores nothing that predict reads; fit moves the averages.",
    "Weighing a letter must not change the postage of the next one.",
)
