extension TokenShape {
    /// All shapes, those that begin with the same byte side by side.
    private struct Table {
        let shapes: [TokenShape]
        /// What they begin with, apart from them so that looking along it touches nothing else.
        let heads: [(head: UInt64, mask: UInt64)]
        /// For each byte where its shapes begin and end.
        let ranges: [Range<UInt8>]
        /// For each byte what its shapes have next.
        let seconds: [ByteSet]
        let starts: ByteSet

        init(_ all: [TokenShape]) {
            var shapes: [TokenShape] = []
            var ranges: [Range<UInt8>] = []
            var seconds: [ByteSet] = []
            var starts = ByteSet("")
            for byte in UInt8.min...0x7F {
                let begun = all.filter { $0.canStart(with: byte) }
                if !begun.isEmpty { starts.insert(byte) }
                seconds.append(begun.reduce(into: ByteSet("")) { $0.formUnion($1.seconds) })
                ranges.append(UInt8(shapes.count)..<UInt8(shapes.count + begun.count))
                shapes += begun
            }
            self.shapes = shapes
            self.heads = shapes.map { ($0.head, $0.headMask) }
            self.ranges = ranges
            self.seconds = seconds
            self.starts = starts
        }
    }

    /// What a token can begin with.
    static var starts: ByteSet { table.starts }

    /// The shape of the token that begins there, as an index for ``shape(_:)``.
    static func index(in text: Span<UInt8>, at start: Int) -> UInt8? {
        let first = Int(text[start])
        // Most words are not looked at any further.
        guard first < 0x80, start + 1 < text.count, table.seconds[first].contains(text[start + 1]) else { return nil }
        var word: UInt64 = 0
        for offset in 0..<min(8, text.count - start) { word |= UInt64(text[start + offset]) << UInt64(8 * offset) }
        for index in table.ranges[first] {
            let (head, mask) = table.heads[Int(index)]
            if word & mask == head, table.shapes[Int(index)].matches(text, at: start) { return index }
        }
        return nil
    }

    static func shape(_ index: UInt8) -> TokenShape { table.shapes[Int(index)] }

    private static let table = Table(tokens + webhooks + keys)

    private static func token(_ name: String, _ pattern: String, _ proof: Proof = .none) -> TokenShape {
        TokenShape(.tokenShape, name, pattern, proof)
    }

    private static func key(_ name: String, _ pattern: String) -> TokenShape {
        TokenShape(.privateKey, name, pattern, .none)
    }

    private static let tokens = [
        token("an access token of this platform", "cfg_[A-Za-z0-9]{38}"),
        token("an AWS access key id", "AKIA[A-Z0-9]{16}"),
        token("an AWS access key id", "ASIA[A-Z0-9]{16}"),
        token("an AWS access key id", "ABIA[A-Z0-9]{16}"),
        token("an AWS access key id", "ACCA[A-Z0-9]{16}"),
        token("an Amazon Bedrock key", "ABSK[A-Za-z0-9+/=]{109,}"),
        token("a GitHub token", "gh[pousr]_[A-Za-z0-9]{36,255}"),
        token("a GitHub token", "github_pat_[A-Za-z0-9_]{82}"),
        token("a GitLab token", "glpat-[A-Za-z0-9_.-]{20,300}"),
        token("a GitLab token", "gl[drcpfsi]t-[A-Za-z0-9_.-]{20,300}"),
        token("a GitLab token", "glrt-[A-Za-z0-9_.-]{20,300}"),
        token("a GitLab token", "glcbt-[A-Za-z0-9_.-]{20,300}"),
        token("a GitLab token", "glptt-[A-Za-z0-9_.-]{40,300}"),
        token("a GitLab token", "glsoat-[A-Za-z0-9_.-]{20,300}"),
        token("a GitLab token", "glagent-[A-Za-z0-9_.-]{50,300}"),
        token("a GitLab token", "gloas-[A-Za-z0-9_.-]{64,300}"),
        token("a Slack token", "xox[abeoprs]-[A-Za-z0-9-]{20,300}"),
        token("a Slack token", "xoxe.xox[bp]-[A-Za-z0-9-]{20,300}"),
        token("a Slack token", "xapp-[0-9]-[A-Za-z0-9-]{40,300}"),
        token("a Stripe key", "sk_live_[A-Za-z0-9]{16,255}"),
        token("a Stripe key", "sk_test_[A-Za-z0-9]{16,255}"),
        token("a Stripe key", "rk_live_[A-Za-z0-9]{16,255}"),
        token("a Stripe key", "rk_test_[A-Za-z0-9]{16,255}"),
        token("a secret that signs webhooks", "whsec_[A-Za-z0-9+/=]{24,128}", .chance),
        token("a Google API key", "AIza[A-Za-z0-9_-]{35}"),
        token("a Google OAuth token", "ya29.[A-Za-z0-9_.-]{20,300}"),
        token("a Google OAuth client secret", "GOCSPX-[A-Za-z0-9_-]{28}"),
        token("a Google OAuth token", "1//0[A-Za-z0-9_-]{40,300}"),
        token("an npm token", "npm_[A-Za-z0-9]{36}"),
        token("a PyPI token", "pypi-[A-Za-z0-9_-]{50,}", .chance),
        token("a RubyGems key", "rubygems_[0-9a-f]{48}"),
        token("a crates.io token", "cio[A-Za-z0-9]{32}", .chance),
        token("an Anthropic key", "sk-ant-[A-Za-z0-9_-]{32,300}"),
        token("an OpenAI key", "sk-proj-[A-Za-z0-9_-]{32,300}", .chance),
        token("a key of a language model's provider", "sk-[A-Za-z0-9_-]{32,300}", .chance),
        token("a Groq key", "gsk_[A-Za-z0-9]{48,64}"),
        token("an xAI key", "xai-[A-Za-z0-9]{70,90}"),
        token("a Perplexity key", "pplx-[A-Za-z0-9]{48}"),
        token("a Hugging Face token", "hf_[A-Za-z]{34}"),
        token("a Replicate token", "r8_[A-Za-z0-9]{37}"),
        token("a SendGrid key", "SG.[A-Za-z0-9_-]{22}.[A-Za-z0-9_-]{43}"),
        token("a Twilio key", "SK[0-9a-f]{32}"),
        token("a Mailgun key", "key-[0-9a-f]{32}"),
        token("a Vault token", "hvs.[A-Za-z0-9_-]{24,300}"),
        token("a Vault token", "hvb.[A-Za-z0-9_-]{24,}"),
        token("a Vault token", "hvr.[A-Za-z0-9_-]{24,}"),
        token("a Vault token", "s.[A-Za-z0-9]{24}", .chance),
        token("a storage key of Azure", "AccountKey=[A-Za-z0-9+/]{86}=="),
        token("a shared access key of Azure", "SharedAccessKey=[A-Za-z0-9+/]{43}="),
        token("a shared access signature", "sig=[A-Za-z0-9%+/=]{43,128}", .chance),
        token("a JSON web token", "eyJ[A-Za-z0-9_-]{10,}.eyJ[A-Za-z0-9_-]{10,}.[A-Za-z0-9_-]{10,}"),
        token(
            "an encrypted JSON web token",
            "eyJ[A-Za-z0-9_-]{10,}.[A-Za-z0-9_-]{0,}.[A-Za-z0-9_-]{16}.[A-Za-z0-9_-]{10,}.[A-Za-z0-9_-]{16,}"),
        token("a DigitalOcean token", "do[opr]_v1_[0-9a-f]{64}"),
        token("a Databricks token", "dapi[0-9a-f]{32}"),
        token("a Linear key", "lin_api_[A-Za-z0-9]{40}"),
        token("a Shopify token", "shpat_[0-9a-fA-F]{32}"),
        token("a Shopify token", "shpca_[0-9a-fA-F]{32}"),
        token("a Shopify token", "shppa_[0-9a-fA-F]{32}"),
        token("a Shopify secret", "shpss_[0-9a-fA-F]{32}"),
        token("a Square token", "sq0atp-[A-Za-z0-9_-]{22}"),
        token("a Square secret", "sq0csp-[A-Za-z0-9_-]{43}"),
        token("a Square token", "EAAA[A-Za-z0-9_-]{60}", .chance),
        token("the token of a Telegram bot", "[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
        token("the token of a Discord bot", "[MNO][A-Za-z0-9_-]{23,27}.[A-Za-z0-9_-]{6}.[A-Za-z0-9_-]{27,38}"),
        token("a Grafana token", "glsa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}"),
        token("a Grafana token", "glc_[A-Za-z0-9+/=]{32,400}", .chance),
        token("a New Relic key", "NRAK-[A-Z0-9]{27}"),
        token("a Sentry token", "sntry[su]_[A-Za-z0-9+/=_-]{43,}"),
        token("a Doppler token", "dp.pt.[A-Za-z0-9]{40,44}"),
        token("a Doppler token", "dp.st.[A-Za-z0-9_.-]{40,80}"),
        token("a Postman key", "PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
        token("a Figma token", "figd_[A-Za-z0-9_-]{40}"),
        token("a Docker token", "dckr_pat_[A-Za-z0-9_-]{27,}"),
        token("a PlanetScale password", "pscale_pw_[A-Za-z0-9_.-]{32,64}"),
        token("a PlanetScale token", "pscale_tkn_[A-Za-z0-9_.-]{32,64}"),
        token("a Supabase key", "sbp_[0-9a-f]{40}"),
        token("a Supabase key", "sb_secret_[A-Za-z0-9_-]{31}"),
        token("an Atlassian token", "ATATT3[A-Za-z0-9_=-]{180,}"),
        token("an Artifactory key", "AKCp[A-Za-z0-9]{69}"),
        token("a Pulumi token", "pul-[0-9a-f]{40}"),
        token("a Tailscale key", "tskey-[a-z]{3,12}-[A-Za-z0-9]{8,24}-[A-Za-z0-9]{16,48}"),
        token("a Buildkite token", "bkua_[0-9a-f]{40}"),
        token("an Alibaba Cloud access key id", "LTAI[A-Za-z0-9]{17,20}"),
        token("credentials of HTTP basic authentication", "Basic [A-Za-z0-9+/=]{8,400}", .namePassword),
        token("a bearer token", "Bearer [A-Za-z0-9._~+/=-]{20,}", .chance),
    ]

    /// Who knows the address may post.
    private static let webhooks = [
        token("a Slack webhook", "hooks.slack.com/services/[A-Z0-9]{8,14}/[A-Z0-9]{8,14}/[A-Za-z0-9]{20,32}"),
        token("a Slack webhook", "hooks.slack.com/workflows/[A-Za-z0-9/]{30,100}"),
        token("a Discord webhook", "discord.com/api/webhooks/[0-9]{16,20}/[A-Za-z0-9_-]{60,80}"),
        token("a Discord webhook", "discordapp.com/api/webhooks/[0-9]{16,20}/[A-Za-z0-9_-]{60,80}"),
    ]

    private static let keys = [
        key("an age secret key", "AGE-SECRET-KEY-1[AC-HJ-NP-Z02-9]{58}"),
        key("a PuTTY private key", "PuTTY-User-Key-File-[0-9]"),
        // `-----BEGIN PRIVATE`, `RSA PRI`, `EC PRIVA`, `OPENSSH`, `ENCRYPT`, `DSA PRI` in base64.
        key("a private key in base64", "LS0tLS1CRUdJTiBQUklWQVRF[A-Za-z0-9+/=]{16,999999}"),
        key("a private key in base64", "LS0tLS1CRUdJTiBSU0EgUFJJ[A-Za-z0-9+/=]{16,999999}"),
        key("a private key in base64", "LS0tLS1CRUdJTiBFQyBQUklW[A-Za-z0-9+/=]{16,999999}"),
        key("a private key in base64", "LS0tLS1CRUdJTiBPUEVOU1NI[A-Za-z0-9+/=]{16,999999}"),
        key("a private key in base64", "LS0tLS1CRUdJTiBFTkNSWVBU[A-Za-z0-9+/=]{16,999999}"),
        key("a private key in base64", "LS0tLS1CRUdJTiBEU0EgUFJJ[A-Za-z0-9+/=]{16,999999}"),
    ]
}
