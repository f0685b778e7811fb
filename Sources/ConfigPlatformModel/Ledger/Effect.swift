/// What a committed change did to one item: the item's new body, or its end.
package struct Effect: Hashable, Sendable {
    package let address: ItemAddress
    /// The body in canonical JSON; nil where the item ended.
    ///
    /// The end of an environment also ends every setting it owned; the end of a project, everything in it. Those are implied, not listed.
    package let body: [UInt8]?

    package init(address: ItemAddress, body: [UInt8]?) {
        self.address = address
        self.body = body
    }
}
