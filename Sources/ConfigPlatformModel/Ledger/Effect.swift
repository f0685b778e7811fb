/// What a committed change did to one item: the item's new body, or its end.
package final class Effect: Hashable, Sendable {
    package let address: ItemAddress
    /// The body in canonical JSON; nil where the item ended.
    ///
    /// The end of an environment also ends every setting it owned; the end of a project, everything in it. Those are implied, not listed.
    package let body: [UInt8]?
    /// What address and body say of a setting, where the effect was made from it rather than read.
    let setting: (key: ConfigKey, body: SettingBody)?
    /// What the body says of an item of flags, where the effect was made from it rather than read.
    let flagItem: FlagItemBody?

    package convenience init(address: ItemAddress, body: [UInt8]?) {
        self.init(address: address, body: body, setting: nil)
    }

    init(
        address: ItemAddress, body: [UInt8]?, setting: (key: ConfigKey, body: SettingBody)?,
        flagItem: FlagItemBody? = nil
    ) {
        self.address = address
        self.body = body
        self.setting = setting
        self.flagItem = flagItem
    }

    package static func == (left: Effect, right: Effect) -> Bool {
        left.address == right.address && left.body == right.body
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(address)
        hasher.combine(body)
    }
}
