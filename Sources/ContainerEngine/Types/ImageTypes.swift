// Members of what is encoded or decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

package import FoundationEssentials

/// What the engine knows about an image it has.
package struct ImageInspection: Sendable, Equatable, Decodable {
    /// `sha256:…`; the only way to compare images over engines, which write names differently.
    package let id: String
    /// Names and tags.
    package let repoTags: [String]
    /// Names with digests.
    package let repoDigests: [String]
    /// The user of its containers; empty means root.
    package let user: String
    /// Environment, `K=V`.
    package let env: [String]
    /// Entrypoint.
    package let entrypoint: [String]
    /// Command.
    package let cmd: [String]
    /// Labels.
    package let labels: [String: String]
    /// Bytes.
    package let size: Int64
    /// Such as `linux/amd64`.
    package let platform: String
    /// When it was built; `nil` when it does not say.
    package let createdAt: Date?

    private struct Wire: Decodable {
        let Id: String
        let RepoTags: [String]?
        let RepoDigests: [String]?
        let Config: Configuration?
        let Size: Int64?
        let Os: String?
        let Architecture: String?
        let Created: String?
        struct Configuration: Decodable {
            let User: String?
            let Env: [String]?
            let Entrypoint: StringOrList?
            let Cmd: StringOrList?
            let Labels: [String: String]?
        }
    }

    package init(from decoder: any Decoder) throws {
        let wire = try Wire(from: decoder)
        id = wire.Id.contains(":") ? wire.Id : "sha256:" + wire.Id
        repoTags = wire.RepoTags ?? []
        repoDigests = wire.RepoDigests ?? []
        user = wire.Config?.User ?? ""
        env = wire.Config?.Env ?? []
        entrypoint = wire.Config?.Entrypoint?.values ?? []
        cmd = wire.Config?.Cmd?.values ?? []
        labels = wire.Config?.Labels ?? [:]
        size = wire.Size ?? 0
        platform = "\(wire.Os ?? "linux")/\(wire.Architecture ?? "")"
        createdAt = wire.Created.flatMap(EngineTime.date)
    }
}

/// One line of a pull or build.
package struct PullProgress: Sendable, Equatable {
    /// Such as `Downloading`, `Pull complete`; a build's output.
    package let status: String
    /// The layer.
    package let layer: String?
    /// Bytes done.
    package let current: Int64?
    /// Bytes in all.
    package let total: Int64?
}

/// A line of a pull, import or build.
struct ProgressLine: Decodable {
    let status: String?
    let stream: String?
    let id: String?
    let error: String?
    let errorDetail: Detail?
    let progressDetail: Progress?
    let aux: Aux?

    struct Detail: Decodable { let message: String? }
    struct Progress: Decodable {
        let current: Int64?
        let total: Int64?
    }
    struct Aux: Decodable { let ID: String? }

    var failure: String? { error ?? errorDetail?.message }
    var progress: PullProgress {
        PullProgress(
            status: status ?? stream ?? "", layer: id, current: progressDetail?.current, total: progressDetail?.total)
    }
}
