/// An issuer whose word counts: it verifies what the issuer signed, and lets people sign in there.
///
/// Whoever sends the requests does so for as long as the process runs: one value for each issuer, kept.
package struct Issuer: Sendable {
    package let settings: IssuerSettings
    let keys: TrustedKeys
    let requests: IssuerRequests

    package init(_ settings: IssuerSettings, fetch: @escaping Fetch) {
        self.settings = settings
        requests = IssuerRequests(issuer: settings.url, fetch: fetch)
        keys = TrustedKeys(of: settings, requests)
    }
}
