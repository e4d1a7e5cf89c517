"""The LLM grader: prompt, reply, evidence, calls, limits, and what they cost. The only place with an LLM SDK."""
