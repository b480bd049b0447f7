"""The five tables, a module each; `row_codec` turns a restore into its row and back."""
