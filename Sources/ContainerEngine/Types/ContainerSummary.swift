// Members of what is encoded or decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

package import FoundationEssentials

/// One line of a list of containers.
package struct ContainerSummary: Sendable, Equatable, Decodable {
    /// The full id.
    package let id: String
    /// The name, without a slash.
    package let name: String
    /// Phase.
    package let status: ContainerStatus
    /// Labels.
    package let labels: [String: String]
    /// The image as it was named.
    package let image: String
    /// The image's id.
    package let imageID: String
    /// When it was created.
    package let createdAt: Date
    /// The ports of this host that lead into it.
    package let ports: [PublishedPort]

    private struct Wire: Decodable {
        let Id: String
        let Names: [String]?
        let State: String?
        let Labels: [String: String]?
        let Image: String?
        let ImageID: String?
        let Created: Int64?
        let Ports: [Port]?
        struct Port: Decodable {
            let IP: String?
            let PrivatePort: Int
            let PublicPort: Int?
            let `Type`: String?
        }
    }

    package init(from decoder: any Decoder) throws {
        let wire = try Wire(from: decoder)
        id = wire.Id
        name = String((wire.Names?.first ?? "").drop { $0 == "/" })
        status = ContainerStatus(engineWord: wire.State ?? "")
        labels = wire.Labels ?? [:]
        image = wire.Image ?? ""
        imageID = wire.ImageID ?? ""
        createdAt = Date(timeIntervalSince1970: Double(wire.Created ?? 0))
        ports = (wire.Ports ?? []).compactMap { port in
            port.PublicPort.map {
                PublishedPort(
                    host: port.IP ?? "", hostPort: $0, containerPort: port.PrivatePort, transport: port.Type ?? "tcp")
            }
        }
    }
}

/// The answer to a create.
package struct ContainerCreated: Sendable, Equatable, Decodable {
    /// The new container's full id.
    package let id: String
    /// What the engine left out or changed; to be shown to the operator.
    package let warnings: [String]

    private struct Wire: Decodable {
        let Id: String
        let Warnings: [String]?
    }

    package init(from decoder: any Decoder) throws {
        let wire = try Wire(from: decoder)
        id = wire.Id
        warnings = wire.Warnings ?? []
    }
}

/// The answer to a wait.
package struct ContainerExit: Sendable, Equatable, Decodable {
    /// The exit code; see `EngineClient.waitContainer` for when not to believe it.
    package let exitCode: Int32
    /// Why waiting failed.
    package let error: String?

    private struct Wire: Decodable {
        let StatusCode: Int32
        let Error: Failure?
        struct Failure: Decodable { let Message: String? }
    }

    package init(from decoder: any Decoder) throws {
        let wire = try Wire(from: decoder)
        exitCode = wire.StatusCode
        error = wire.Error?.Message
    }
}
