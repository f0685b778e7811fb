import Synchronization

/// What `\p{…}` may name (ECMA-262 tables 68 to 70): general categories, binary properties and scripts.
enum UnicodeProperty {
    private static let known = Mutex<[String: ScalarSet]>([:])

    /// The scalars a property expression stands for, such as `Lu`, `gc=Letter`, `Script=Greek` or `Alphabetic`; nil
    /// where it is not known. A set is worked out once, for that asks about every scalar.
    static func scalars(_ expression: String) -> ScalarSet? {
        if let set = known.withLock({ $0[expression] }) { return set }
        guard let set = compute(expression) else { return nil }
        known.withLock { $0[expression] = set }
        return set
    }

    private static func compute(_ expression: String) -> ScalarSet? {
        let parts = expression.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2 {
            switch parts[0] {
            case "General_Category", "gc": return category(parts[1])
            case "Script", "sc", "Script_Extensions", "scx": return UnicodeScript.scalars(named: parts[1])
            default: return nil
            }
        }
        switch expression {
        case "Any": return .all
        case "ASCII": return ScalarSet([0...0x7F])
        case "Assigned": return ScalarSet { $0.properties.generalCategory != .unassigned }
        default: break
        }
        if let path = binary[expression] { return ScalarSet { $0.properties[keyPath: path] } }
        return category(expression)
    }

    private static func category(_ name: String) -> ScalarSet? {
        guard let categories = categories[name] else { return nil }
        return ScalarSet { categories.contains($0.properties.generalCategory) }
    }

    private static let binary: [String: any KeyPath<Unicode.Scalar.Properties, Bool> & Sendable] = [
        "Alphabetic": \.isAlphabetic, "Alpha": \.isAlphabetic,
        "ASCII_Hex_Digit": \.isASCIIHexDigit, "AHex": \.isASCIIHexDigit,
        "Bidi_Control": \.isBidiControl, "Bidi_C": \.isBidiControl,
        "Bidi_Mirrored": \.isBidiMirrored, "Bidi_M": \.isBidiMirrored,
        "Case_Ignorable": \.isCaseIgnorable, "CI": \.isCaseIgnorable,
        "Cased": \.isCased,
        "Changes_When_Casefolded": \.changesWhenCaseFolded, "CWCF": \.changesWhenCaseFolded,
        "Changes_When_Casemapped": \.changesWhenCaseMapped, "CWCM": \.changesWhenCaseMapped,
        "Changes_When_Lowercased": \.changesWhenLowercased, "CWL": \.changesWhenLowercased,
        "Changes_When_NFKC_Casefolded": \.changesWhenNFKCCaseFolded, "CWKCF": \.changesWhenNFKCCaseFolded,
        "Changes_When_Titlecased": \.changesWhenTitlecased, "CWT": \.changesWhenTitlecased,
        "Changes_When_Uppercased": \.changesWhenUppercased, "CWU": \.changesWhenUppercased,
        "Dash": \.isDash,
        "Default_Ignorable_Code_Point": \.isDefaultIgnorableCodePoint, "DI": \.isDefaultIgnorableCodePoint,
        "Deprecated": \.isDeprecated, "Dep": \.isDeprecated,
        "Diacritic": \.isDiacritic, "Dia": \.isDiacritic,
        "Emoji": \.isEmoji,
        "Emoji_Modifier": \.isEmojiModifier, "EMod": \.isEmojiModifier,
        "Emoji_Modifier_Base": \.isEmojiModifierBase, "EBase": \.isEmojiModifierBase,
        "Emoji_Presentation": \.isEmojiPresentation, "EPres": \.isEmojiPresentation,
        "Extender": \.isExtender, "Ext": \.isExtender,
        "Grapheme_Base": \.isGraphemeBase, "Gr_Base": \.isGraphemeBase,
        "Grapheme_Extend": \.isGraphemeExtend, "Gr_Ext": \.isGraphemeExtend,
        "Hex_Digit": \.isHexDigit, "Hex": \.isHexDigit,
        "ID_Continue": \.isIDContinue, "IDC": \.isIDContinue,
        "ID_Start": \.isIDStart, "IDS": \.isIDStart,
        "Ideographic": \.isIdeographic, "Ideo": \.isIdeographic,
        "IDS_Binary_Operator": \.isIDSBinaryOperator, "IDSB": \.isIDSBinaryOperator,
        "IDS_Trinary_Operator": \.isIDSTrinaryOperator, "IDST": \.isIDSTrinaryOperator,
        "Join_Control": \.isJoinControl, "Join_C": \.isJoinControl,
        "Logical_Order_Exception": \.isLogicalOrderException, "LOE": \.isLogicalOrderException,
        "Lowercase": \.isLowercase, "Lower": \.isLowercase,
        "Math": \.isMath,
        "Noncharacter_Code_Point": \.isNoncharacterCodePoint, "NChar": \.isNoncharacterCodePoint,
        "Pattern_Syntax": \.isPatternSyntax, "Pat_Syn": \.isPatternSyntax,
        "Pattern_White_Space": \.isPatternWhitespace, "Pat_WS": \.isPatternWhitespace,
        "Quotation_Mark": \.isQuotationMark, "QMark": \.isQuotationMark,
        "Radical": \.isRadical,
        "Sentence_Terminal": \.isSentenceTerminal, "STerm": \.isSentenceTerminal,
        "Soft_Dotted": \.isSoftDotted, "SD": \.isSoftDotted,
        "Terminal_Punctuation": \.isTerminalPunctuation, "Term": \.isTerminalPunctuation,
        "Unified_Ideograph": \.isUnifiedIdeograph, "UIdeo": \.isUnifiedIdeograph,
        "Uppercase": \.isUppercase, "Upper": \.isUppercase,
        "Variation_Selector": \.isVariationSelector, "VS": \.isVariationSelector,
        "White_Space": \.isWhitespace, "space": \.isWhitespace,
        "XID_Continue": \.isXIDContinue, "XIDC": \.isXIDContinue,
        "XID_Start": \.isXIDStart, "XIDS": \.isXIDStart,
    ]

    private static let categories: [String: Set<Unicode.GeneralCategory>] = {
        let single: [(names: [String], category: Unicode.GeneralCategory)] = [
            (["Lu", "Uppercase_Letter"], .uppercaseLetter), (["Ll", "Lowercase_Letter"], .lowercaseLetter),
            (["Lt", "Titlecase_Letter"], .titlecaseLetter), (["Lm", "Modifier_Letter"], .modifierLetter),
            (["Lo", "Other_Letter"], .otherLetter), (["Mn", "Nonspacing_Mark"], .nonspacingMark),
            (["Mc", "Spacing_Mark"], .spacingMark), (["Me", "Enclosing_Mark"], .enclosingMark),
            (["Nd", "Decimal_Number", "digit"], .decimalNumber), (["Nl", "Letter_Number"], .letterNumber),
            (["No", "Other_Number"], .otherNumber), (["Pc", "Connector_Punctuation"], .connectorPunctuation),
            (["Pd", "Dash_Punctuation"], .dashPunctuation), (["Ps", "Open_Punctuation"], .openPunctuation),
            (["Pe", "Close_Punctuation"], .closePunctuation), (["Pi", "Initial_Punctuation"], .initialPunctuation),
            (["Pf", "Final_Punctuation"], .finalPunctuation), (["Po", "Other_Punctuation"], .otherPunctuation),
            (["Sm", "Math_Symbol"], .mathSymbol), (["Sc", "Currency_Symbol"], .currencySymbol),
            (["Sk", "Modifier_Symbol"], .modifierSymbol), (["So", "Other_Symbol"], .otherSymbol),
            (["Zs", "Space_Separator"], .spaceSeparator), (["Zl", "Line_Separator"], .lineSeparator),
            (["Zp", "Paragraph_Separator"], .paragraphSeparator), (["Cc", "Control", "cntrl"], .control),
            (["Cf", "Format"], .format), (["Cs", "Surrogate"], .surrogate), (["Co", "Private_Use"], .privateUse),
            (["Cn", "Unassigned"], .unassigned),
        ]
        let groups: [(names: [String], first: String)] = [
            (["L", "Letter"], "L"), (["M", "Mark", "Combining_Mark"], "M"), (["N", "Number"], "N"),
            (["P", "Punctuation", "punct"], "P"), (["S", "Symbol"], "S"), (["Z", "Separator"], "Z"),
            (["C", "Other"], "C"),
        ]
        var table: [String: Set<Unicode.GeneralCategory>] = [:]
        for (names, category) in single {
            for name in names { table[name] = [category] }
        }
        for (names, first) in groups {
            let members = single.filter { $0.names[0].hasPrefix(first) }.map(\.category)
            for name in names { table[name] = Set(members) }
        }
        table["LC"] = [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter]
        table["Cased_Letter"] = table["LC"]
        return table
    }()
}
