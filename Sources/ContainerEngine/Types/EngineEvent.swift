// Members of what is encoded or decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

package import FoundationEssentials

/// Something that happened to a container, image, network or volume.
///
/// A hint, not the truth: engines lose, repeat (Podman, when its file rotates) and delay (Podman: up to 250 ms) events.
/// Tell repeats by `key`, and inspect before acting.
package struct EngineEvent: Sendable, Equatable, Decodable {
    /// `container`, `image`, …
    package let type: String
    /// The engine's own word, such as `die`, `oom`, `health_status`; without what Docker puts behind a colon.
    package let action: String
    /// What stands behind the colon of Docker's actions, or Podman's `HealthStatus`: `healthy`.
    package let detail: String?
    /// Whom it happened to.
    package let id: String
    /// Name, image, exit code, and the container's labels.
    package let attributes: [String: String]
    /// When, in nanoseconds since 1970.
    package let nanoseconds: Int64

    /// When.
    package var date: Date { EngineTime.date(nanoseconds: nanoseconds) }
    /// The exit code of a `die`.
    package var exitCode: Int32? { (attributes["exitCode"] ?? attributes["containerExitCode"]).flatMap { Int32($0) } }
    /// The same for an event that is delivered twice.
    package var key: Key { Key(id: id, action: action, nanoseconds: nanoseconds) }

    /// What identifies an event.
    package struct Key: Sendable, Hashable {
        let id: String
        let action: String
        let nanoseconds: Int64
    }

    private struct Wire: Decodable {
        let `Type`: String?
        let Action: String?
        let status: String?
        let id: String?
        let Actor: Subject?
        let time: Int64?
        let timeNano: Int64?
        let HealthStatus: String?
        struct Subject: Decodable {
            let ID: String?
            let Attributes: [String: String]?
        }
    }

    package init(from decoder: any Decoder) throws {
        let wire = try Wire(from: decoder)
        type = wire.Type ?? ""
        let words = (wire.Action ?? wire.status ?? "").split(separator: ":", maxSplits: 1)
        action = words.first.map(String.init) ?? ""
        detail = wire.HealthStatus ?? (words.count > 1 ? words[1].trimmingWhiteSpace() : nil)
        id = wire.Actor?.ID ?? wire.id ?? ""
        attributes = wire.Actor?.Attributes ?? [:]
        nanoseconds = wire.timeNano ?? (wire.time ?? 0) * 1_000_000_000
    }
}
