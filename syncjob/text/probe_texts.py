"""The texts that a probe sends, and how they are known again. Pure."""

from syncjob.text.canonical import normalized

SIZES = (1_000_000, 400_000, 100_000, 10_000)
_LEAST_FILLER = 1_000  # characters of a text of one of these sizes that may have been cut
UNKNOWN_ASSET = "asset_" + "0" * 24
# One text for all that may be changed on the way: CRLF, spaces at an end of line, a decomposed character, an end.
ODD = "Syncjob probes.\r\nTwo spaces  \nCafe\u0301 \n\n"


def tagged(model_id: str) -> tuple[str, str, str]:
    """Texts with a tag, with it in code, and with one of an unknown id."""
    tag = f"{{model:{model_id}}}"
    return f"Probe: {tag}", f"Probe: `{tag}`\n\n```\n{tag}\n```", f"Probe: {{asset:{UNKNOWN_ASSET}}}"


def is_of_a_probe(text: str, model_id: str) -> bool:
    """Whether a probe sent that text, whatever the API made of its white space and its end."""
    is_filler = len(text) >= _LEAST_FILLER and not text.strip("x")
    return is_filler or _squeezed(text) in map(_squeezed, (ODD, *tagged(model_id)))


def left_by_a_probe(text: str, model_id: str) -> str | None:
    """What to say of a text that a probe left on Scenario, None of any other."""
    if not is_of_a_probe(text, model_id):
        return None
    restoring = "`syncjob doctor` names that probe's run, and `syncjob rollback RUN --force` puts the own text back"
    return f"Scenario holds a text of a probe that did not put the model's own back; {restoring}"


def _squeezed(text: str) -> str:
    return " ".join(normalized(text, "NFC").split())
