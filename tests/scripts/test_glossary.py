"""The glossary among the documents: the same words as in the product."""

from scripts.glossary import PAGE, glossary


def test_the_document_has_the_terms_of_the_product() -> None:
    assert PAGE.read_text(encoding="utf-8") == glossary(), "run: python scripts/glossary.py"
