"""`Lab`: what a notebook talks to."""

from __future__ import annotations

import difflib
import os
from contextlib import suppress
from typing import Any

from dlf.labs import passed, store
from dlf.labs.exercise import Exercise, Week, judge
from dlf.labs.result import MARKS, CheckFailed, CheckResult
from dlf.labs.verdict import Context, Failure, failed
from dlf.labs.weeks import load_week

_NOTHING = object()


class Lab:
    """One week's lab: `Lab("week08")`. The seed fixes the probes and the order of the suspects."""

    def __init__(self, week: str, seed: int = 0) -> None:
        self.week = load_week(week)
        self.seed = seed
        self._last: dict[str, str | None] = {}  # exercise -> latest diagnosis
        self._rung: dict[tuple[str, str | None], int] = {}

    @property
    def exercises(self) -> tuple[str, ...]:
        """The ids, in the order of the lab."""
        return tuple(self.week.by_id)

    def __repr__(self) -> str:
        return f'Lab("{self.week.name}")'

    def check(self, exercise: str, obj: Any = _NOTHING, *, strict: bool | None = None) -> CheckResult:
        """Check one exercise: show the message, keep the progress, return the result.

        With strict=True, or DLF_STRICT=1, raises CheckFailed for `fail` and `error`.
        """
        result, notes = self._check(exercise, obj)
        result.show()
        for note in notes:
            print(note)
        if strict is None:
            strict = os.environ.get("DLF_STRICT", "") not in ("", "0")
        if strict and result.status in ("fail", "error"):
            raise CheckFailed(result.message)
        return result

    def _check(self, exercise: str, obj: Any) -> tuple[CheckResult, list[str]]:
        known = self._find(exercise)
        if known is None:
            return failed(self._unknown(exercise), Context(str(exercise)[:40])), []
        if obj is _NOTHING:
            missing = Failure(
                "The object to check is missing.",
                status="error",
                next_step=f'lab.check("{known.id}", {known.name}).',
            )
            return failed(missing, Context(known.id)), []
        result = judge(known, obj, self.seed)
        self._last[known.id] = result.diagnosis
        return result, self._save(result, obj)

    def _find(self, text: Any) -> Exercise | None:
        """The exercise that is meant; of a class, the first that has not passed yet."""
        meant = self.week.meant(text)
        done = self._passed() if len(meant) > 1 else set()
        return next((e for e in meant if e.id not in done), meant[0] if meant else None)

    def _passed(self) -> set[str]:
        """Ids of the exercises that passed, now or before."""
        with suppress(OSError):
            progress, report = store.read()
            print(report, end="\n" * bool(report))
            return {e for e, entry in progress.get(self.week.name, {}).items() if entry.get("passed")}
        return set()

    def _save(self, result: CheckResult, obj: Any) -> list[str]:
        try:
            notes = [store.record(self.week.name, result.exercise, result.status, result.diagnosis)]
            if result.passed:
                notes.append(passed.keep(self.week.name, self._passing(result.exercise, obj), obj))
        except OSError as problem:
            notes = [f"Progress could not be saved ({problem.strerror})."]
        return [n for n in notes if n]

    def _passing(self, exercise: str, obj: Any) -> list[str]:
        """This exercise, and the other methods of the class that passed before and still do."""
        same = self.week.named(self.week.by_id[exercise].name)
        others = [e for e in same if e.id != exercise and e.id in self._passed()]
        return sorted([exercise, *(e.id for e in others if judge(e, obj, self.seed).passed)])

    def _unknown(self, text: Any) -> Failure:
        """The way out: exercises that have this in their name, else the one that is spelled most like it."""
        ids = {e.lower(): e for e in self.exercises}
        wanted = str(text).lower()
        near = [e for e in ids if wanted and wanted in e] or difflib.get_close_matches(wanted, ids, n=1, cutoff=0.0)
        return Failure(
            f"{self.week.name} has no exercise {str(text)[:60]!r}.",
            evidence=("the exercises are " + ", ".join(self.exercises[:4]) + " ...",),
            status="error",
            next_step="did you mean " + " or ".join(f'"{ids[e]}"' for e in near[:3]) + "?",
        )

    def use(self, name: str, obj: Any) -> Any:
        """obj if it passes all checks of this name, else the reference; says which."""
        names = {e.name for e in self.week.meant(name)} & set(self.week.references)
        if not names:
            choices = ", ".join(self.week.references)
            raise ValueError(f"{self.week.name} has no {name!r} to use; choose from {choices}")
        name = names.pop()
        exercises = self.week.named(name)
        states = {e.id.partition(".")[2]: judge(e, obj, self.seed).status for e in exercises}
        missing = [m for m, s in states.items() if s != "pass"]
        if not missing:
            print(f"Using your {name}.")
            return obj
        todo = {states[m] for m in missing} == {"todo"}
        if len(missing) == len(states):
            why = "yours is not written yet" if todo else "yours does not pass yet"
        else:  # only a class has several
            good = " and ".join(m for m, s in states.items() if s == "pass")
            what = "is not written yet" if todo else "does not pass yet"
            why = f"your {good} passes, your {' and '.join(missing)} {what}"
        print(f"Using the reference {name}; {why}.")
        return self.week.references[name]

    def suspects(self) -> list[Any]:
        """The suspects of the bug hunt, in the seeded order; exactly one is right."""
        if self.week.suspects is None:
            raise ValueError(f"{self.week.name} has no bug hunt")
        return list(self.week.suspects(self.seed))

    def hint(self, exercise: str | None = None) -> None:
        """Print the next hint for the latest diagnosis of this exercise, then where to read on.

        A class stands for its first exercise that has not passed yet.
        """
        if exercise is None:
            print("A hint for which exercise? " + ", ".join(f'lab.hint("{e}")' for e in self.exercises))
            return
        known = self._find(exercise)
        if known is None:
            unknown = self._unknown(exercise)
            print(unknown.sentence, str(unknown.next_step).replace("did", "Did", 1))
            return
        exercise = known.id
        diagnosis = self._last.get(exercise)
        key = exercise, diagnosis
        ladder = self.week.hints.get(key) or self.week.hints[exercise, None]
        rungs = ladder.rungs()
        step = self._rung.get(key, 0)
        self._rung[key] = step + 1
        about = f"{exercise}, mistake {diagnosis}" if diagnosis else exercise
        if step < len(rungs):
            print(f"Hint {step + 1} of {len(rungs)} ({about}): {rungs[step]}")
        else:
            print(f"All hints for {about} are shown.")
        if step >= len(rungs) - 1:
            print(f"The full solution: {self.week.solution_of(exercise)}")

    def progress(self) -> None:
        """Print the state of every exercise."""
        print(table(self.week, *store.read()))


def table(week: Week, progress: store.Progress, report: str = "") -> str:
    """One line an exercise, and how many have passed."""
    entries = progress.get(week.name, {})
    lines = [report] if report else []
    for exercise in week.by_id:
        entry = entries.get(exercise, {"status": "todo", "passed": False})
        status = entry["status"]
        again = "  (passed before)" if entry.get("passed") and status != "pass" else ""
        lines.append(f"{MARKS.get(status, '?')} {exercise:<32} {status}{again}")
    count = sum(bool(entries.get(e, {}).get("passed")) for e in week.by_id)
    return "\n".join([*lines, f"{count} of {len(week.by_id)} exercises of {week.name} passed."])
