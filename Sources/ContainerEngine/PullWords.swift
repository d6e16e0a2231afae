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

    /// The wait the registry asks for, where its words name one: `retry-after: 12.5s`, `Retry-After: 30` (a number alone
    /// is seconds, RFC 9110).
    package static func retryAfter(_ words: String) -> Duration? {
        let text = words.lowercased()
        guard let start = text.firstRange(of: "retry-after")?.upperBound else { return nil }
        let rest = text[start...].drop { ":= \"".contains($0) }
        let number = rest.prefix { $0.isNumber || $0 == "." }
        guard let value = Double(number), value.isFinite, value >= 0, value < 86_400 else { return nil }
        let unit = rest.dropFirst(number.count).prefix { $0.isLetter || $0 == "µ" }
        switch unit {
        case "ms": return .milliseconds(value)
        case "us", "µs", "μs", "ns": return .zero
        case "m", "min": return .seconds(value * 60)
        default: return .seconds(value)
        }
    }
}
