import ConfigPlatformModel

// Foundation has an `Operation` too.
typealias Operation = ConfigPlatformModel.Operation
