"""Week 8, batch normalization: exercises, exactly.

Arrays are float64. N batch, C channels, H and W positions; m = N (or N*H*W) values a channel.

`batch_statistics(x)` -> (mean, var)
    x (N, C) or (N, C, H, W); two arrays (C,), the *biased* variance (divide by m). Subtract the
    mean before squaring: E[x^2] - E[x]^2 loses its digits when the mean is large.

`BatchNormalization(num_features, eps=1e-5, momentum=0.1)`, a class; arrays of shape (C,)
    `.gamma` (ones), `.beta` (zeros), `.running_mean` (zeros), `.running_var` (ones). The checks
    write into these four in place, and touch nothing else.
    `BatchNormalization.forward(x, training=True)` -> y
        Checked in this order: output in training, running statistics, evaluation, images, and
        layers that must not share anything. Training: biased variance, eps inside the root,
        ValueError for one value a channel, (1, C); one image with H*W > 1 is trained on.
        running = (1 - momentum) * running + momentum * batch, with the *unbiased* variance in
        running_var. Evaluation: running statistics only.
    `BatchNormalization.backward(grad_output)` -> grad_input
        Sets `.grad_gamma`, `.grad_beta` (it assigns; it does not accumulate). Returning
        (grad_input, grad_gamma, grad_beta) is accepted too. Belongs to the last forward: after one
        in evaluation the statistics are constants, grad_input = gamma / sqrt(running_var + eps) *
        grad_output, and grad_gamma takes the xhat of evaluation. Changes none of the four arrays.

`gradient_check(layer, x, grad_output, h=1e-6)` -> float
    Relative error between layer.backward(grad_output) and central differences, with step h, of
    sum(grad_output * layer.forward(x)) in training. Any usual norm: that of the difference, divided
    by that of either gradient, of the larger, of their sum or of their mean; not squared. Below 1e-4
    counts as accepted, above as rejected; for a right layer it falls like h^2 while h is large.
    layer is an object like BatchNormalization(C) whose backward returns one array. Its four arrays,
    and x, are afterwards what they were.

`fold(weight, bias, layer)` -> (weight, bias)
    weight (fan_in, fan_out), bias (fan_out,). The affine map x @ weight + bias that equals
    layer.forward(x @ weight_0 + bias_0, training=False). layer has the four arrays and `.eps`.

`gradient_growth(batch, width, depth, rng)` -> float
    A network at initialization: h_0 ~ N(0, 1) of shape (batch, width), h_l = relu(BN(h_{l-1} W_l))
    with gamma = 1, beta = 0, eps negligible (1e-30), W_l ~ N(0, 2 / width), l = 1..depth. Send a
    random normal gradient g_depth = dL/dh_depth down to g_0. The result is the geometric mean, per
    layer, of |g_{l-1}|^2 / |g_l|^2 over the layers 5 <= l <= depth - 4 (the ends are not yet
    stationary); depth >= 10. For width >> batch -> infinity it tends to pi / (pi - 1) = 1.4669
    (Yang et al. 2019); without the ReLU it would be (batch - 2) / (batch - 3). Only the mean of the
    number is checked, so g @ W in place of g @ W.T is not seen: W has the same law.

`landscape_along_gradient(loss_and_gradient, params, etas)` -> dict of three floats
    loss_and_gradient(params) -> (loss, list of arrays); params a list of arrays, left as they are.
    With g = gradient at params and the points p(eta) = params - eta * g, all started from params:
    `loss_range`       max loss - min loss over the points of etas; params itself is none of them
    `gradient_change`  max over etas of |g(p(eta)) - g|, the norm over all arrays together
    `relative_change`  gradient_change / |g|
    On the quadratic L = p.A.p / 2 the gradient changes by exactly eta * |A A p|.

`bug_hunt`: expose(suspect) -> bool
    suspect is a class like BatchNormalization; True = wrong. One suspect is right.

`project`: class BatchNormNetwork(widths, normalize=True, rng=None)
    widths [d, n1, ..., k]: dense, BN (if normalize), ReLU in hidden layers; dense read-out. `.params`
    is the list of the arrays themselves. `.loss_and_gradients(X, y)` -> (float, list like params),
    mean cross-entropy in training mode, y integer labels. `.predict(X)` -> labels (n,) or scores
    (n, k), evaluation mode. `.fit(X, y, *, steps, lr, batch_size)` -> (steps,) losses, plain SGD.
    Only fit moves the running statistics and the parameters (with lr = 0 no parameter);
    loss_and_gradients uses the batch's statistics and leaves no trace in what predict says. The same
    state of rng gives the same initial `.params`, another one others.
    `.report`, a class attribute: dict with the keys "covariate_shift", "landscape", "limits", each
    a text that answers one question of the project sheet (only presence is checked).
"""
