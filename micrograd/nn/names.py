"""What PyTorch's names are called here, for who asks nn or nn.losses for them."""

from __future__ import annotations

# A class of losses in torch.nn, a function in torch.nn.functional, and ours
_LOSSES = (
    ("MSELoss", "mse_loss", "mse"),
    ("L1Loss", "l1_loss", "l1"),
    ("HuberLoss", "huber_loss", "huber"),
    ("SmoothL1Loss", "smooth_l1_loss", "smooth_l1"),
    ("PoissonNLLLoss", "poisson_nll_loss", "poisson_nll"),
    ("GaussianNLLLoss", "gaussian_nll_loss", "gaussian_nll"),
    ("CrossEntropyLoss", "", "cross_entropy"),
    ("NLLLoss", "nll_loss", "nll"),
    ("MultiMarginLoss", "multi_margin_loss", "multi_hinge"),
    ("BCELoss", "binary_cross_entropy", "bce"),
    ("BCEWithLogitsLoss", "binary_cross_entropy_with_logits", "bce_with_logits"),
    ("KLDivLoss", "", "kl_div"),
    ("CosineEmbeddingLoss", "cosine_embedding_loss", "cosine_embedding"),
    ("TripletMarginLoss", "triplet_margin_loss", "triplet"),
)
HERE = {
    "Parameter": "micrograd.Value: one in an attribute of a module is a parameter",
    "ParameterList": "a list of Values in an attribute",
    "ParameterDict": "a dict of Values in an attribute",
    "ModuleList": "a list of modules in an attribute",
    "ModuleDict": "a dict of modules in an attribute",
    "functional": "micrograd.ops, and micrograd.nn.losses",
    "utils": "micrograd.optim, for clip_grad_norm_ and clip_grad_value_",
    **{name: f"losses.{ours}, a function" for *theirs, ours in _LOSSES for name in theirs if name},
}

# Functions of torch.nn.init, which write into a tensor; ours return an array
_INIT = (
    "uniform normal trunc_normal xavier_uniform xavier_normal kaiming_uniform kaiming_normal orthogonal constant zeros "
)
HERE |= {
    f"{name}_": f"w.data = init.{name}(w.shape), which returns an array" for name in (_INIT + "ones eye dirac").split()
}

# Methods of a module in PyTorch; two of a model in scikit-learn and Keras
METHODS = {
    "to": "dtype= of each layer, as in Linear(2, 3, dtype='float32'); a Value is where its data is",
    "cuda": "not needed: a Value is where its data is",
    "cpu": "not needed: a Value is where its data is",
    "float": "dtype='float32', given to each layer",
    "double": "dtype='float64', given to each layer, and the default",
    "half": "dtype='float16', given to each layer",
    "requires_grad_": "to give the optimiser the other parameters alone",
    "predict": "model.eval(), then model(X).data",
    "fit": "micrograd.train.fit(model, loss, (X, y), optimizer)",
    "add_module": "setattr(module, name, layer)",
    "register_module": "setattr(module, name, layer)",
    "register_parameter": "setattr(module, name, Value(array))",
}
