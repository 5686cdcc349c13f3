# %% [markdown]
# # 90 · Does the machinery work?
#
# A lab without a broker, for the tests of the course machinery.

# %% tags=["parameters"]
COUNT = 2  # messages to send
SEED = 90

# %%
from stand_in import start_lab

lab = start_lab("90-stand-in")
before = len(lab.admin.stored())

# %% [markdown]
# ## Exercise 90.1: send
#
# Send `COUNT` messages and keep their ids in `ids`.

# %%
### BEGIN SOLUTION
ids = [lab.send(f"order {n}") for n in range(COUNT)]
### END SOLUTION

# %%
print(ids)

# %%
lab.check("90.1", ids=ids, before=before)

# %% [markdown]
# ## Exercise 90.2: predict, then run
#
# How many messages are stored in all if you send one more with the same body?

# %%
### BEGIN SOLUTION
prediction = 1  # nothing is overwritten
### END SOLUTION


def send_again(lab):
    ### BEGIN SOLUTION
    ### LEARNER: ...  # send the body "order 0" once more
    return lab.send("order 0")
    ### END SOLUTION


# %%
stored = len(lab.admin.stored())
again = send_again(lab)
more = len(lab.admin.stored()) - stored
print("sent again" if again else "nothing sent")

# %%
lab.check("90.2", prediction=prediction, send_again=send_again, more=more)
# lab.hint("90.2")

# %%
again, ids
