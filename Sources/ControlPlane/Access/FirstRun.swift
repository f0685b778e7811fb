package import ConfigPlatformModel

extension Platform {
    /// The platform's very first token, where none was ever made; nil otherwise. It is shown once, and ends when it has made another.
    package func createBootstrapTokenIfFirst() async throws(Problem) -> TokenText? {
        guard credentials.all.isEmpty else { return nil }
        return try await createFirst(named: "bootstrap", purpose: .bootstrap)
    }

    /// The development administrator's token: the kept one where it is still live, a new one otherwise.
    package func developmentToken(kept: String?) async throws(Problem) -> TokenText {
        if let kept, let text = TokenText(kept), let credential = credentials.credential(hash: text.hash),
            credential.isLive(at: world.now())
        {
            return text
        }
        let name = "dev-\(Digest.hexadecimal(world.randomBytes(4)))"
        if credentials.all.isEmpty, let first = try await createFirst(named: name, purpose: .development) {
            return first
        }
        let (token, credential) = makeCredential(
            name: try Self.tokenName(name), purpose: .development, expiresAt: nil, by: nil)
        try await store(credential, by: nil)
        return token
    }

    /// Nil where another server was first.
    private func createFirst(named name: String, purpose: Credential.Purpose) async throws(Problem) -> TokenText? {
        let (token, credential) = makeCredential(
            name: try Self.tokenName(name), purpose: purpose, expiresAt: nil, by: nil)
        do throws(Problem) {
            _ = try await submit(
                CommitJob(
                    work: .createFirstCredential(credential), caller: nil, action: .tokenCreate, target: "token/\(name)"
                ))
        } catch  where error.code == .alreadyExists {
            return nil
        }
        return token
    }

    private static func tokenName(_ text: String) throws(Problem) -> TokenName {
        try ItemText.parsed { () throws(InvalidIdentifier) in try TokenName(parsing: text) }
    }
}

extension Platform {
    /// Commits the sample of an empty platform.
    package func makeSample(_ proposal: Proposal) async throws(Problem) {
        _ = try await submit(
            CommitJob(work: .change(proposal, nil), caller: nil, action: .change, target: proposal.project.rawValue))
    }
}
