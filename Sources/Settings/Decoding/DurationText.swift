/// Lengths of time as people write them: `90s`, `5m`, `2h`, `250ms`, `1h30m`, or a number of seconds.
package enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    /// The longest that is understood: ten years.
    private static let longest: Int64 = 3650 * 86_400_000

    /// The length a text means, to the millisecond; `nil` when it means none or more than ten years.
    package static func parse(_ text: String) -> Duration? {
        var total: Int64 = 0
        var rest = text[...]
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let number = rest.prefix { $0 == "." || ("0"..."9").contains($0) }
            rest = rest.dropFirst(number.count)
            let name = rest.prefix { ("a"..."z").contains($0) }
            rest = rest.dropFirst(name.count)
            // A bare number stands alone: "1m30" is more likely a slip than 30 seconds.
            let unit = name.isEmpty && number.count == text.count ? "s" : String(name)
            guard let scale = units.first(where: { $0.name == unit })?.milliseconds,
                let value = NumberText.parse(String(number))
            else { return nil }
            let part = (value * Double(scale)).rounded()
            guard part <= Double(longest) else { return nil }
            total += Int64(part)
            guard total <= longest else { return nil }
        }
        return .milliseconds(total)
    }

    /// The shortest text in one unit; reading it back gives the same length to the millisecond.
    package static func format(_ duration: Duration) -> String {
        let milliseconds = duration.wholeMilliseconds
        guard milliseconds != 0 else { return "0s" }
        // Up to two minutes, and days, are read best in the smaller unit: "90s", "48h".
        if milliseconds % 3_600_000 == 0 { return "\(milliseconds / 3_600_000)h" }
        if milliseconds % 60_000 == 0, milliseconds > 60_000 { return "\(milliseconds / 60_000)m" }
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    package var wholeMilliseconds: Int64 {
        components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
    }

    /// Seconds with their fraction.
    package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension ScalarFormat where Value == Duration {
    /// A length of time of a range.
    package static func duration(_ range: ClosedRange<Duration>) -> ScalarFormat {
        let bounds = "from \(DurationText.format(range.lowerBound)) to \(DurationText.format(range.upperBound))"
        return ScalarFormat(expected: "a duration \(bounds)") { scalar throws(ValueMistake) in
            guard let value = DurationText.parse(scalar.text) else {
                throw ValueMistake(hint: "write seconds as a number, or 250ms, 90s, 5m, 2h")
            }
            guard range.contains(value) else { throw ValueMistake() }
            return value
        } encode: {
            .plain(DurationText.format($0))
        }
    }
}

extension ValueFormat where Value == Duration {
    /// A length of time of a range.
    package static func duration(_ range: ClosedRange<Duration>) -> ValueFormat {
        ScalarFormat.duration(range).required
    }
}

extension ValueFormat where Value == Double {
    /// A length of time of a range, as seconds.
    package static func seconds(_ range: ClosedRange<Duration>) -> ValueFormat {
        ValueFormat<Duration>.duration(range).map({ $0.inSeconds }, back: { .milliseconds(Int64($0 * 1000)) })
    }
}
