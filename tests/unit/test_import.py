import subprocess
import sys
import time

HEAVY = ("torch", "matplotlib", "scipy", "sklearn", "IPython")


def test_import_dlf_loads_nothing_heavy() -> None:
    code = f"import sys, dlf; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_engine_and_labs_do_not_import_torch() -> None:
    code = "import sys, dlf.layers, dlf.labs, dlf.claims, dlf.data; print('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )


def test_import_dlf_is_instant() -> None:
    def seconds(code: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - start

    extra = min(seconds("import dlf") for _ in range(3)) - min(seconds("pass") for _ in range(3))
    assert extra < 0.2, f"import dlf takes {extra:.2f} s more than an empty program"
