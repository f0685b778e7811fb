// Values are part of the model's vocabulary: who imports the one has the other.
@_exported public import ExactJSON
