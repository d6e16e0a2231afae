/// A mistake in the command line.
struct UsageError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Takes options out of a command line; what is left are its plain words.
struct OptionWords {
    private var words: [String]

    init(_ words: [String]) {
        self.words = words
    }

    /// The value of `name VALUE` or `name=VALUE`, if it is given.
    mutating func take(_ name: String) throws(UsageError) -> String? {
        guard let index = words.firstIndex(where: { $0 == name || $0.hasPrefix(name + "=") }) else { return nil }
        let word = words.remove(at: index)
        if word != name { return String(word.dropFirst(name.count + 1)) }
        guard index < words.count else { throw UsageError("\(name) needs a value") }
        return words.remove(at: index)
    }

    /// The values of every `name VALUE`, in their order.
    mutating func takeAll(_ name: String) throws(UsageError) -> [String] {
        var values: [String] = []
        while let value = try take(name) { values.append(value) }
        return values
    }

    /// The value of an option as a number of seconds, fractions allowed.
    mutating func takeSeconds(_ name: String) throws(UsageError) -> Nanos? {
        guard let text = try take(name) else { return nil }
        guard let seconds = Double(text), seconds >= 0 else {
            throw UsageError("\(name) needs a number of seconds, not \(text)")
        }
        return .seconds(seconds)
    }

    /// Whether a flag is given.
    mutating func takeFlag(_ name: String) -> Bool {
        guard let index = words.firstIndex(of: name) else { return false }
        words.remove(at: index)
        return true
    }

    /// The plain words, at most `most`.
    mutating func finish(atMost most: Int = 0) throws(UsageError) {
        if words.count > most { throw UsageError("what is \(words[most])?") }
    }

    /// What is left.
    var rest: [String] { words }
}
