"""Wrong answers to the stand-in lab, and the feedback that each must get."""

from rmqlab.checks import wrong

WRONG_ANSWERS = (
    wrong("90.1", name="forged", code='ids = ["0" * 32, "1" * 32]', expect="not-stored"),
    wrong(
        "90.1",
        name="one send is enough for all",
        misconception=True,
        code='ids = [lab.send("order 0")]',
        expect="wrong-count",
    ),
    wrong(
        "90.2",
        name="an equal message replaces the first",
        misconception=True,
        code=("prediction = 0", 'return lab.send("order 0")'),
        expect="overwritten",
    ),
    wrong("90.2", name="never sends", code=("prediction = 1", "return lab.admin.stored()"), expect="nothing-sent"),
)
