"""Hints of week 5: for every diagnosis a question, a pointer, a structure, a neighbouring problem."""

from __future__ import annotations

from dlf.labs.exercise import Hints
from dlf.labs.week05.catalogue import CONV, IM2COL, LAG, POOL, RNN

HINTS = Hints()
hint = HINTS.add


# ---- where to begin ---------------------------------------------------------------------------

hint(
    IM2COL,
    None,
    "Which pixels of the padded image does the output at (r, q) look at?",
    "Those at (r s + i d, q s + j d) for the taps (i, j) of the filter: one column of the result.",
    "Pad; make zeros (N, C, KH, KW, OH, OW); for every tap (i, j) one slice of the padded image, with step s and "
    "offset i d, j d, fills [:, :, i, j]; reshape at the end.",
    "In one dimension, x of length 5, two taps, s = 2: row 0 is x[0:4:2], row 1 is x[1:5:2].",
)
hint(
    CONV,
    None,
    "filters[f, c, i, j] changes a little. Which outputs notice, and with which factor? And when x[n, c, h, w] does?",
    "y is a sum of products: the derivative by one factor is the other. Each product of the forward pass gives one "
    "term to each gradient.",
    "One loop over the taps (i, j): window = the slice of the padded image that the tap sees; "
    "grad_filters[:, :, i, j] = sum over n and positions of grad_output times window; the same slice of the padded "
    "gradient += grad_output times filters[:, :, i, j]. Crop at the end.",
    "In one dimension y[r] = w[0] x[r] + w[1] x[r + 1]: dw[0] = sum of dy[r] x[r]; dx[r] += w[0] dy[r], "
    "dx[r + 1] += w[1] dy[r].",
)
hint(
    POOL,
    None,
    "A pixel that is not the maximum of its window grows a little. What does the output do?",
    "Nothing: only the maximum has a derivative, and it is 1.",
    "For every output position: the window, its argmax as a flat index (the first, row by row), back to row and "
    "column, and += there.",
    "y = max(a, b): the gradient of a is dy if a >= b, else 0.",
)
hint(
    RNN,
    None,
    "On how many ways does h[2] reach the loss: directly, and through which other states?",
    "Directly by grad_outputs, and through h[3], which holds all later ways. So go from the last step to the first and "
    "carry one array along.",
    "for t from T - 1 to 0: total = grad_outputs[t] + carry; dz = total * (1 - h[t + 1]**2); add h[t].T @ dz, "
    "inputs[t].T @ dz and dz's sum over the batch to the three gradients; carry = dz @ wh.T. What is left is h0's. "
    "Truncation: after step t > 0 with t % K == 0 carry = 0. Lengths: clean the padding of the three arrays first.",
    "y[t + 1] = a y[t], loss y[1] + y[2] + y[3] with all derivatives 1: going back, 1, then 1 + a, then 1 + a (1 + a).",
)
hint(
    LAG,
    None,
    "The loss sees the last state only. What is its derivative by that state, and by the one before?",
    "grad_last, and (grad_last * (1 - h[T]**2)) @ wh.T: one step of the backward recurrence, without weights.",
    "norms = [|grad_last|]; for t from T to 1: total = (total * (1 - h[t]**2)) @ wh.T; append its norm over the units.",
    "For h[t + 1] = tanh(a h[t]): the factor of a step is a (1 - h[t + 1]^2), and after k steps the product of k such.",
)
hint(
    "bug_hunt",
    None,
    "Which settings make a wrong gradient look right: which stride, padding, h0, lengths?",
    "s = 1, p = 0, d = 1, a symmetric wh, h0 = 0, a loss at the last step, K that divides T, zeros in the padding. "
    "Avoid all of them.",
    "def expose(suspect): random arrays; forward passes of your own; for each gradient compare the dot product with a "
    "random direction against (L(x + h u) - L(x - h u)) / (2 h). For truncation sum the gradients of the chunks, each "
    "by itself.",
    "To test a wrong power function, do not ask at 1, nor for the exponents 0 and 1.",
)
hint(
    "project",
    None,
    "Which of the five classes have you already written as a function, and what does it need to keep from forward?",
    "Read the line 'Right so far': the first class that is missing there is the one to look at.",
    "Module with two empty lists; Linear; check it by differences; Sequential with two Linear; then Conv2d from im2col "
    "and conv_backward, RNN from rnn_backward; cross-entropy last.",
    "A module that multiplies by one number a: forward keeps x, backward sets grads = [sum(dy * x)] and returns a dy.",
)

# ---- convolution ------------------------------------------------------------------------------

hint(
    (IM2COL, CONV),
    "5.14",
    "With d = 2 and three taps in a row: which pixels does the window at position 0 cover?",
    "0, 2 and 4. Dilation spreads the taps, stride moves the window.",
    "Tap i of output r is at row r s + i d: as a slice, start i d, step s, OH entries.",
    "Every second house of a street, seen by a mailman who starts at every house: spread 2, step 1.",
)
hint(
    (IM2COL, CONV),
    "5.15",
    "With s = 2: at which pixel does the window of output 3 begin?",
    "At 6. In the gradient of the image, neighbouring outputs are s pixels apart.",
    "The slice start : start + s (OH - 1) + 1 : s has exactly OH entries; use it to read (grad_filters) and to add "
    "(grad_input).",
    "y = x[::2] has dx = zeros, dx[::2] = dy: the gaps stay 0.",
)
hint(
    POOL,
    "5.15",
    "With size 3 and stride 2: at which row does window 1 begin?",
    "At 2: the stride moves the window, the size only says how large it is.",
    "x[:, :, r * stride : r * stride + size, q * stride : q * stride + size].",
    "A reading group meets every 2 weeks and reads 3 chapters back each time: some are read twice.",
)
hint(
    (IM2COL, CONV),
    "5.16",
    "The image has 4 rows, p = 2. Which rows of the padded image are the image itself?",
    "2 to 5: p rows before, p rows after.",
    "[p : p + H] is right for every p, whatever s and d are; [p : -p] is empty for p = 0.",
    "A passe-partout of 3 cm on all sides: the picture begins 3 cm from the top and from the left.",
)
hint(
    IM2COL,
    "5.17",
    "How many windows of 3 fit into 8 pixels with stride 2, and does any pixel stay out?",
    "Windows begin at 0, 2, 4: three of them, and pixel 7 stays out. Floor, not ceiling.",
    "OH = (H + 2 p - d (KH - 1) - 1) // s + 1.",
    "A meter of ribbon gives three pieces of 30 cm; the rest of 10 cm is no piece.",
)
hint(
    CONV,
    "5.17",
    "How many windows of 3 fit into 8 pixels with stride 2, and what is the gradient of the pixel that none covers?",
    "Pixel 7 entered no output: its gradient is 0. grad_input still has 8 rows, and grad_filters only 3.",
    "Begin with zeros of the shape of the padded image, add into slices, crop [p : p + H]. Nothing needs to know "
    "about the rest.",
    "y = x[0] + x[1] for x of length 3: dx = [dy, dy, 0], not [dy, dy].",
)
hint(
    POOL,
    "5.17",
    "Which rows of 8 do windows of size 3 and stride 3 cover, and what do you return for the others?",
    "Rows 6 and 7 are in no window: their gradient is 0, but the result has 8 rows.",
    "dx = np.zeros_like(x), then add into it.",
    "An exam of 8 questions of which 6 are marked: the other two have 0 points, and stay on the sheet.",
)
hint(
    CONV,
    "5.19",
    "Which image did the filters see on the way forward, and how many outputs does one entry of the filter touch?",
    "The padded one, and all positions of all images: a plain sum of products, in the filter's own order.",
    "grad_filters[f, c, i, j] = sum over n, r, q of grad_output[n, f, r, q] * x0[n, c, r s + i d, q s + j d].",
    "For y = x @ W: dW = x.T @ dy, summed over the rows of x; nothing is divided, nothing turned.",
)
hint(
    POOL,
    "5.21",
    "A window holds 4, 4, 1, 2 and grad_output is 1: what does your gradient sum to?",
    "To 1, whatever ties: the whole gradient goes to one of them, here the first in row-major order.",
    "np.argmax of the flattened window returns the first; a mask x == max marks all.",
    "Of two runners with the same time only one stands on the start list first; the prize is given once.",
)
hint(
    IM2COL,
    "5.22",
    "filters.reshape(F, -1): which of c, i, j changes fastest along a row?",
    "j, then i, then c. The rows of the result have to be in the same order, the columns in that of (OH, OW).",
    "Bring the patches to (N, C, KH, KW, OH, OW) by transpose, then reshape to (N, C KH KW, OH OW). reshape alone "
    "never moves an axis.",
    "np.arange(6).reshape(2, 3).T.reshape(-1) is 0, 3, 1, 4, 2, 5; without .T it is 0 to 5.",
)
hint(
    (CONV, POOL),
    "5.23",
    "How many windows cover the pixel in the middle, and how many of them does your gradient hold?",
    "It enters several outputs, so it collects several terms.",
    "dx[...] += term. With an index array that repeats, np.add.at; dx[index] += term adds only once.",
    "y = x[0] + x[1], z = x[1] + x[2]: dx[1] = dy + dz.",
)
hint(
    CONV,
    "5.24",
    "Output 0 was w[0] x[0] + w[1] x[1]. With grad_output 1 at output 0 alone: what is dx?",
    "[w[0], w[1], 0, ...], the filter itself, not turned. Turned it appears only when dx is written as a correlation.",
    "Scatter: dx[r s + i d] += w[i] dy[r]. Or correlate dy, padded by d (K - 1) - p, with the turned filter. Not both.",
    "A stamp that prints 'ab' at position 3 puts the a at 3; the list of those who print at 3 reads backwards.",
)
hint(
    CONV,
    "5.28",
    "grad_output has N images. How many of them does your grad_filters hold?",
    "The same filter was used for all of them: their gradients add up.",
    "grad_filters += inside a loop over images, or N among the axes that are summed.",
    "y_n = a x_n: da = sum over n of dy_n x_n.",
)
hint(
    CONV,
    "5.29",
    "The filter has two taps and p = 3. Which outputs see no pixel at all, and where does their gradient go?",
    "The outermost ones see zeros only: their gradient falls on the border, and is cropped away.",
    "Scatter into the padded image and crop. In the form of a full convolution: where d (K - 1) - p is negative, crop "
    "grad_output by so much.",
    "Padding by -1 is cropping by 1; np.pad refuses to say so.",
)
hint(
    IM2COL,
    "5.30",
    "What does the first patch hold where it hangs over the image?",
    "Zeros. x[-1] is the last row, and not an error.",
    "np.pad(x, ((0, 0), (0, 0), (p, p), (p, p))), whose default is zeros.",
    "Beyond the edge of a photograph there is nothing, neither its last line repeated nor its other side.",
)
hint(
    POOL,
    "5.31",
    "The window is [[1, 4], [3, 2]] and grad_output 5: which entry of the gradient is not 0, and what is it?",
    "The one of the 4, and it is 5: max passes the value on with slope 1.",
    "The place of the maximum within the window, plus the window's own start r stride, q stride. A search by comparing "
    "begins at -np.inf, not at 0.",
    "The winner takes all: an average would share among all, a sum would give to all.",
)
hint(
    (IM2COL, CONV, POOL, RNN, LAG, "project"),
    "5.34",
    "Which of your arrays does somebody else hold as well, or does a second call find?",
    "a *= b writes into the caller's array. self.total += remembers the last call.",
    "New arrays: a = a * b; np.zeros_like(...) at the start of every call.",
    "def f(a, log=[]): the list is made once, when def runs, and every call shares it.",
)
hint(
    CONV,
    "5.30",
    "With p = 1: which pixel does x[:, :, -1] give you, and which one lies above the first row?",
    "x[:, :, -1] is the last row, without any error. Above the first row there is none: the border holds 0.",
    "Pad, scatter into the padded array and crop; or skip a tap unless 0 <= h < H and 0 <= w < W.",
    "From a list of five days, days[-1] is Friday; the day before Monday is not on the list.",
)
hint(
    CONV,
    "5.35",
    "Which of your two results has the shape of the image?",
    "grad_input, and it comes first.",
    "return grad_input, grad_filters.",
    "np.divmod returns the quotient first; swapped, 7 = 2 * 3 + 1 becomes 7 = 2 * 1 + 3.",
)

# ---- recurrence -------------------------------------------------------------------------------

hint(
    RNN,
    "5.1",
    "h[2] changes a little. Who notices besides the loss at its own step?",
    "h[3], and through it all later losses. That gradient arrives as carry.",
    "total = grad_outputs[t] + carry, with carry = dz @ wh.T from step t + 1.",
    "y[t + 1] = a y[t], loss y[1] + y[2]: dL/dy[1] = 1 + a, not 1.",
)
hint(
    RNN,
    "5.2",
    "Set grad_outputs[0] to something else: does your result change?",
    "Every step may have a loss; its gradient enters where that step is.",
    "Inside the loop over t: total = grad_outputs[t] + carry, not only before the loop.",
    "On a train that runs backwards, passengers get on at every station, not only at the last.",
)
hint(
    RNN,
    "5.3",
    "The same wh is used at T steps. How many terms does its gradient have?",
    "T, one a step: they add up.",
    "g_wh = zeros before the loop; g_wh += h[t].T @ dz inside.",
    "y = a x, z = a y: dL/da = dz y + dy x, two terms for the two uses.",
)
hint(
    RNN,
    "5.4",
    "hidden_states has T + 1 entries. Which one did wh multiply in step t, and which one came out?",
    "hidden_states[t] went in, hidden_states[t + 1] came out; at t = 0 it is h0, which need not be 0.",
    "g_wh += hidden_states[t].T @ dz; the derivative of tanh takes hidden_states[t + 1].",
    "With h = [h0, h1, h2]: z for h2 is x w + h1 wh, so the gradient of wh has h1.",
)
hint(
    (RNN, LAG),
    "5.5",
    "h @ wh: how does entry i of h enter entry j of the product, and what comes back to i?",
    "With wh[i, j]; back come dz[j] wh[i, j] for all j, that is dz @ wh.T.",
    "carry = dz @ wh.T. A symmetric wh hides the difference.",
    "y = x @ W, x (2,), W (2, 3): dx = dy @ W.T; here the shapes would not allow W.",
)
hint(
    RNN,
    "5.7",
    "Which steps do the five results sum over, and what is left in your carry after step t = 0?",
    "Weights and bias sum over steps and batch, without any average. The carry that leaves step 0 belongs to h0.",
    'After the loop: "h0": carry, where carry = dz[0] @ wh.T; cut between chunks only, not at t = 0.',
    "y = b + b + b: db = 3 dy, not dy.",
)
hint(
    RNN,
    "5.8",
    "K = 4: how many steps back does the gradient of the last step of a chunk go?",
    "Three more: it is cut between chunks, not between steps.",
    "carry = dz @ wh.T; then, only if t is the first step of a chunk and not 0, carry = 0.",
    "Pages of a book are turned inside a chapter; the bookmark is moved at its end.",
)
hint(
    RNN,
    "5.9",
    "What does truncation change: the numbers h that the network computed, or the way their gradients go?",
    "The way back only. The states went through all chunks, and are given to you.",
    "g_wh += hidden_states[t].T @ dz at every t, also at the first step of a chunk.",
    "Forgetting who lent you a coin does not take the coin out of your pocket.",
)
hint(
    RNN,
    "5.10",
    "T = 7, K = 3: which steps are in which chunk, and between which is the gradient cut?",
    "[0, 1, 2], [3, 4, 5], [6]: cut from 6 to 5 and from 3 to 2.",
    "Step t is the first of its chunk when t % K == 0: after it, for t > 0, carry = 0.",
    "Seven eggs in boxes of three, filled from the left: 3, 3, 1. None is thrown away, none goes in two boxes.",
)
hint(
    RNN,
    "5.11",
    "T = 6, K = 3: how far back does the loss of step 3 go in your code, and how far should it?",
    "In a sliding window to 1. With chunks [0, 3) and [3, 6) it stays in step 3.",
    "One sweep over all steps, and carry = 0 at the chunk borders.",
    "A library that is cleaned shelf by shelf, and one where everybody cleans the three places before his own.",
)
hint(
    RNN,
    "5.12",
    "A sequence of length 3 in a batch of T = 7: what should change when the numbers in its padding do?",
    "Nothing. Its steps are t < 3; whatever stands after that was never part of it.",
    "valid = (np.arange(T)[:, None] < lengths)[:, :, None]; before the loop grad_outputs = np.where(valid, "
    "grad_outputs, 0), and the same for inputs and hidden_states[1:]; a product with 0 would keep a NaN. "
    "No division by anything.",
    "A form with seven lines of which three are filled in: notes on the empty ones are not read, and the sum is not "
    "divided by seven.",
)
hint(
    RNN,
    "5.25",
    "The loss is a mean over the batch. Where did its 1/N already enter?",
    "In grad_outputs. The gradients of the weights sum over the sequences.",
    "inputs[t].T @ dz sums over the batch by itself; the bias takes dz.sum(axis=0).",
    "For y = x @ W: dW = x.T @ dy, and db = dy.sum(axis=0).",
)
hint(
    (RNN, LAG),
    "5.26",
    "d tanh(z)/dz = 1 - tanh(z)^2. Where do you have tanh(z) already?",
    "hidden_states are it: step t ends in hidden_states[t + 1].",
    "total = grad_outputs[t] + carry; dz = total * (1 - hidden_states[t + 1]**2), and the same dz goes on to the step "
    "before.",
    "For the sigmoid s = 1 / (1 + exp(-z)) the derivative is s (1 - s): again from the value, not from z.",
)
hint(
    RNN,
    "5.27",
    "Entry (i, j) of wh leads from unit i of h[t] to unit j of z: which two numbers does its gradient multiply?",
    "h[t]_i and dz_j: the row belongs to the state, the column to dz.",
    "hidden_states[t].T @ dz; the shape (H, H) does not tell it from its transpose.",
    "y = x @ W with x (2,), y (3,): dW = outer(x, dy) is (2, 3).",
)
hint(
    RNN,
    "5.36",
    "Which step does your loop begin with, and in which order does a list that it appends to stand?",
    "With the last one, since a gradient needs the one after it; a list is then in reverse, and t = 0 is asked first.",
    "for t in reversed(range(T)); make zeros of the shape of inputs and assign [t], or reverse the list at the end.",
    "A diary read from the last page: the first note is of the last day.",
)

# ---- gradient norms ---------------------------------------------------------------------------

hint(
    LAG,
    "5.32",
    "Which state is 0 steps away from the loss, and which one T steps?",
    "The last one, with grad_last itself; and h0. That makes T + 1 rows.",
    "The list starts with |grad_last| and gets one entry for every step back, in that order.",
    "The echo of a clap: delay 0 is the clap itself, and later entries come from farther away.",
)
hint(
    LAG,
    "5.33",
    "For grad_last = [3, 4]: which number should stand in row 0?",
    "5, for each sequence by itself.",
    "np.linalg.norm(total, axis=1) of the product that you carry; not a product of norms.",
    "diag(1, 0) and diag(0, 1) both have the norm 1, and their product is 0: a product of norms is only a bound.",
)
hint(
    LAG,
    "5.35",
    "Which axis of your result has T + 1 entries?",
    "The first: row k is lag k, column n is sequence n.",
    "np.stack(list of (N,) arrays) is (T + 1, N).",
    "In a table of temperatures with a row a day and a column a town, day 3 is row 3.",
)
hint(
    IM2COL,
    "5.24",
    "Which pixel stands in the first row of the result, for the patch under output (0, 0)?",
    "x0[0, 0]: tap (0, 0) sees the corner where the patch begins.",
    "Row (c, i, j) is the slice of x0 that starts at (i d, j d).",
    "For x = 1, 2, 3 and two taps the rows are [1, 2] and [2, 3], in this order.",
)
hint(
    RNN,
    "5.37",
    "With K = 3: does the loss of step 3 reach step 2 in your code?",
    "It should not: steps 0 to 2 are one chunk, 3 to 5 the next. Within a chunk nothing is cut.",
    "After step t, if truncation is given, t > 0 and t % truncation == 0: carry = np.zeros_like(carry).",
    "A relay in which each team begins with a new stick: inside a team the same stick goes from hand to hand.",
)
