internal import HTTPTransport

/// What the answer to `GET /_ping` says about who is there. Pure.
struct PingAnswer: Equatable {
    /// Why an answer is not an engine's, or not a usable one's.
    enum Problem: Error, Equatable {
        case notAnEngine(String)
        case tooOld(String)
    }

    let identity: EngineIdentity

    init(_ response: HTTPResponse) throws(Problem) {
        guard response.status == 200 else { throw .notAnEngine("it answers /_ping with status \(response.status)") }
        guard let text = response.headers["Api-Version"] ?? response.headers["API-Version"],
            let theirs = EngineAPIVersion(text)
        else { throw .notAnEngine("its answer to /_ping names no API version") }
        guard let agreed = EngineAPIVersion.negotiated(with: theirs) else { throw .tooOld(text) }
        if let podman = response.headers["Libpod-Api-Version"] {
            identity = EngineIdentity(kind: .podman, version: podman, apiVersion: agreed.description)
        } else {
            identity = EngineIdentity(
                kind: .docker, version: Self.version(inServer: response.headers["Server"] ?? ""),
                apiVersion: agreed.description)
        }
    }

    /// `20.10.24+dfsg1` of `Docker/20.10.24+dfsg1 (linux)`.
    static func version(inServer server: String) -> String {
        guard let slash = server.firstIndex(of: "/") else { return "" }
        return String(server[server.index(after: slash)...].prefix { $0 != " " })
    }
}
