"""torch without its compiler, which nothing here uses.

Every step of torch.optim asks the compiler (torch._dynamo, and with it sympy) to leave it alone, and so loads it: 800
modules and 70 MB in every worker, a quarter of what it takes, and 0.7 s before the first update.
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

NAME = "torch._dynamo"


class _Unloaded(ModuleType):
    """Stands for the compiler: does what leaving alone takes, and loads it for whoever wants more."""

    def graph_break(self, *_why: Any, **_how: Any) -> None:
        """What is compiled would end here, and nothing is."""

    def disable(self, function: Callable, *_how: Any, **_more: Any) -> Callable:
        """The function as it is."""
        return function

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # whoever goes through all modules looks where they come from
            raise AttributeError(name)
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
        return getattr(importlib.import_module(NAME), name)


def leave_compiler_out() -> None:
    """Have torch load its compiler only where it is really used; where that has happened already, it stays."""
    sys.modules.setdefault(NAME, _Unloaded(NAME))
