import ExactJSON

extension Explanation {
    mutating func check(_ number: JSONNumber, _ instruction: Instruction, _ keyword: String, _ frame: inout Frame) {
        switch instruction {
        case .lowerBound(_, let bound, let isExclusive), .exactLowerBound(let bound, let isExclusive):
            let limit = program.numbers[Int(bound)]
            if number < limit || (isExclusive && number == limit) {
                fail(keyword, bounds(isExclusive ? "greater than" : "at least", limit, number), &frame)
            }
        case .upperBound(_, let bound, let isExclusive), .exactUpperBound(let bound, let isExclusive):
            let limit = program.numbers[Int(bound)]
            if limit < number || (isExclusive && number == limit) {
                fail(keyword, bounds(isExclusive ? "less than" : "at most", limit, number), &frame)
            }
        case .multipleOf(let divisor):
            let divisor = program.numbers[Int(divisor)]
            if !number.isMultiple(of: divisor) {
                fail(
                    keyword,
                    "must be a multiple of \(JSONValue.number(divisor).short); found \(JSONValue.number(number).short)",
                    &frame)
            }
        default:
            break
        }
    }

    private func bounds(_ relation: String, _ limit: JSONNumber, _ number: JSONNumber) -> String {
        "must be \(relation) \(JSONValue.number(limit).short); found \(JSONValue.number(number).short)"
    }

    mutating func check(_ text: String, _ instruction: Instruction, _ keyword: String, _ frame: inout Frame) {
        switch instruction {
        case .minLength(let limit):
            let count = text.unicodeScalars.count
            if count < limit {
                let found = count == 0 ? "is empty" : "\(Wording.quoted(text)) has \(count)"
                fail(keyword, "must have at least \(characters(limit)); \(found)", &frame)
            }
        case .maxLength(let limit):
            let count = text.unicodeScalars.count
            if count > limit {
                fail(keyword, "must have at most \(characters(limit)); \(Wording.quoted(text)) has \(count)", &frame)
            }
        case .pattern(let pattern):
            if !matches(pattern, text) {
                fail(
                    keyword,
                    "must match the pattern \(Wording.cut(program.patterns[Int(pattern)].pattern)); found "
                        + Wording.quoted(text), &frame)
            }
        case .format(let format):
            if !format.accepts(text) {
                fail(keyword, "must be \(format.explanation); found \(Wording.quoted(text))", &frame)
            }
        default:
            break
        }
    }

    private func characters(_ count: Int) -> String { Wording.count(count, "character", "characters") }

    mutating func checkEnumeration(_ value: JSONValue, _ choices: [JSONValue], _ keyword: String, _ frame: inout Frame)
    {
        let texts = choices.map(\.short)
        guard choices.count > 1 else {
            fail(keyword, choices.isEmpty ? "allows no value" : "must be \(texts[0]); found \(value.short)", &frame)
            return
        }
        var message = "must be one of \(Wording.choices(texts)); found \(value.short)"
        if case .string(let text) = value,
            let near = Spelling.nearest(to: text, among: choices.compactMap(\.stringValue))
        {
            message += "; did you mean \(Wording.quoted(near))?"
        }
        fail(keyword, message, &frame)
    }
}
