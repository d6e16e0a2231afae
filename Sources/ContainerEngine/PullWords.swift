/// What the words of a failed pull mean. Engines pass the registry's words on and say nothing else about the cause, neither
/// by their status (Docker answers 500 or 404) nor in the stream of an answer that began with 200 (Podman).
package enum PullWords {
    /// The cause; `nil` when the words are of no known kind, which may be passing trouble.
    package static func code(_ words: String) -> EngineError.Code? {
        let text = words.lowercased()
        func says(_ phrases: String...) -> Bool { phrases.contains { text.contains($0) } }
        // Of the engine's own disk, in whatever it says about a layer.
        if says("no space left on device", "disk quota exceeded") { return .outOfSpace }
        if says("toomanyrequests", "too many requests", "statuscode: 429", "http 429", "status: 429") {
            return .rateLimited
        }
        if says(
            "unauthorized", "no basic auth", "authentication required", "access denied",
            "access to the resource is denied",
            "requested access", "incorrect username or password", "invalid username/password", "denied:",
            "403 forbidden")
        {
            return .unauthorized
        }
        if says(
            "manifest unknown", "name unknown", "repository name not known", "not found", "no matching manifest",
            "no image found in manifest list", "no image found in image index")
        {
            return .notFound
        }
        if says("invalid reference format", "invalid repository name", "invalid checksum digest") {
            return .invalidRequest
        }
        return nil
    }

    /// The wait the registry asks for, where its words name one: `retry-after: 12.5s` or `1m30s` as Go writes it,
    /// `Retry-After: 30` (a number alone is seconds, RFC 9110). `nil` also for a day and more.
    package static func retryAfter(_ words: String) -> Duration? {
        let text = words.lowercased()
        guard let start = text.firstRange(of: "retry-after")?.upperBound else { return nil }
        var rest = text[start...].drop { ":= \"".contains($0) }
        var seconds: Double?
        while let (value, after) = amount(rest) {
            seconds = (seconds ?? 0) + value
            rest = after
        }
        guard let seconds, seconds < 86_400 else { return nil }
        return .seconds(seconds)
    }

    /// A number with its unit, in seconds, at the beginning of a text; and what comes after it.
    private static func amount(_ text: Substring) -> (seconds: Double, rest: Substring)? {
        let number = text.prefix { $0.isNumber || $0 == "." }
        guard let value = Double(number), value.isFinite, value >= 0 else { return nil }
        let unit = text.dropFirst(number.count).prefix { $0.isLetter || $0 == "µ" }
        let factor: Double =
            switch unit {
            case "ns", "us", "µs", "μs": 0
            case "ms": 1e-3
            case "m", "min": 60
            case "h": 3600
            default: 1
            }
        return (value * factor, text.dropFirst(number.count + unit.count))
    }
}
