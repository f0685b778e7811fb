/// Which passwords may be chosen (NIST SP 800-63B: long enough, and not one that everybody tries first; no rules of composition).
package enum PasswordRule {
    /// Of its UTF-8.
    package static let bytes = 12...1_024

    package enum Fault: String, Sendable, Hashable, CaseIterable {
        case tooShort
        case tooLong
        case isName
        case common

        /// A sentence for whoever chose it.
        package var message: String {
            switch self {
            case .tooShort: "The password is too short: it needs at least \(PasswordRule.bytes.lowerBound) bytes."
            case .tooLong: "The password is too long: at most \(PasswordRule.bytes.upperBound) bytes are taken."
            case .isName: "The password is the name it is for; choose another."
            case .common: "The password is one of the first that are tried; choose another."
            }
        }
    }

    /// What is wrong with a password for the user of that name; nil where nothing is. Upper and lower case count alike.
    package static func fault(in password: String, userName: String) -> Fault? {
        guard password.utf8.count >= bytes.lowerBound else { return .tooShort }
        guard password.utf8.count <= bytes.upperBound else { return .tooLong }
        let lowered = password.lowercased()
        if lowered == userName.lowercased() { return .isName }
        return common.contains(lowered) || Set(lowered.utf8).count < 3 ? .common : nil
    }

    /// Of 12 characters and more, what lists of leaked passwords begin with; those of one or two different bytes are refused anyway.
    private static let common: Set<String> = [
        "0123456789ab", "012345678910", "0987654321qwerty", "1234567890-=", "12345678900987654321", "123456789012",
        "1234567890123", "12345678901234", "123456789012345", "1234567890123456", "12345678901234567890",
        "1234567890abc", "1234567890qwerty", "123456789abc", "123456789qwerty", "123qweasdzxc", "123abc456def",
        "1q2w3e4r5t6y", "1q2w3e4r5t6y7u", "1q2w3e4r5t6y7u8i", "1qaz2wsx3edc", "1qaz2wsx3edc4rfv", "1qazxsw23edc",
        "210987654321", "987654321012", "abc123456789", "abcd12345678", "abcdefghijkl", "abcdefghijklmnop",
        "adminadminadmin", "administrator", "administrator1", "asdfghjkl123", "asdfghjkl;'\\", "changemechangeme",
        "changemenow1", "configplatform", "correcthorsebatterystaple", "iloveyou1234", "iloveyouiloveyou",
        "letmeinletmein", "letmeinplease", "monkeymonkey", "motdepasse123", "p@ssw0rd1234", "p@ssword1234",
        "passw0rd1234", "passwordpassword", "password1234", "password12345", "password123456", "password123!",
        "password1234!", "passwort1234", "q1w2e3r4t5y6", "qazwsxedcrfv", "qwerty123456", "qwerty1234567890",
        "qwertyqwerty", "qwertyuiop12", "qwertyuiop123", "qwertyuiop[]", "qwertyuiopasdf",
        "qwertyuiopasdfghjkl", "qwertyuiopasdfghjklzxcvbnm", "secretsecret", "superpassword", "thisisapassword",
        "trustno1trustno1", "unknown123456", "welcome12345", "welcomewelcome", "zaq12wsxcde3", "zxcvbnm12345",
    ]
}
