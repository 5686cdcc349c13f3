"""Read by the Jupyter server of `rmqlab lab`, beneath the user's own configuration."""

from rmqlab.saved_notebooks import before_saving

c = get_config()  # noqa: F821 - given by Jupyter
c.FileContentsManager.pre_save_hook = before_saving
