// Members of what is decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

internal import ContainerEngine
internal import Foundation
internal import Glibc
internal import Subprocess

/// A `docker-credential-NAME` program (docker/docker-credential-helpers): the server's address on its input, JSON on its
/// output.
package struct CredentialHelper: Sendable {
    /// Why it gave none.
    struct Failure: Error, Sendable, Equatable {
        let words: String
    }

    /// What follows `docker-credential-`.
    let name: String
    /// How long it may take.
    let limit: Duration

    /// How long one may take at most.
    package static let mostTime = Duration.seconds(10)

    /// Makes a caller of a program that may take `limit`, and no more than `mostTime`.
    init(name: String, within limit: Duration = mostTime) {
        self.name = name
        self.limit = max(.zero, min(limit, Self.mostTime))
    }

    private var program: String { "docker-credential-\(name)" }

    /// The credentials for a server; `nil` when it has none. One that takes too long is killed with all it has started.
    func credentials(for server: String) async throws(Failure) -> RegistryAuth? {
        guard !name.contains("/") else { throw Failure(words: "\(name) is no name of a credential helper") }
        let answer = OneShot<Result<[UInt8]?, Failure>>()
        let leader = OneShot<pid_t>()
        // Not a child task: a group would wait until the last process that holds the pipe has ended.
        let life = Task { _ = answer.set(await run(server, leader)) }
        let output = await answer.wait(atMost: limit)
        if output == nil, let session = leader.current { kill(-session, SIGKILL) }
        life.cancel()
        guard let output else { throw Failure(words: "\(program) did not answer within \(limit)") }
        guard let bytes = try output.get() else { return nil }
        return try Self.decode(bytes, program)
    }

    /// What it printed as credentials.
    static func decode(_ bytes: [UInt8], _ program: String) throws(Failure) -> RegistryAuth {
        struct Wire: Decodable {
            let Username: String
            let Secret: String
        }
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(bytes)) else {
            throw Failure(words: "the answer of \(program) can't be read")
        }
        return wire.Username == "<token>"
            ? RegistryAuth(username: "", proof: .identityToken(wire.Secret))
            : RegistryAuth(username: wire.Username, password: wire.Secret)
    }

    private func run(_ server: String, _ leader: OneShot<pid_t>) async -> Result<[UInt8]?, Failure> {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let result = try? await Subprocess.run(
            .name(program), arguments: ["get"], platformOptions: options, input: .string(server),
            output: .bytes(limit: 64 << 10), error: .discarded
        ) { execution in
            leader.set(execution.processIdentifier.value)
        }
        guard let result else { return .failure(Failure(words: "\(program) can't be started")) }
        if result.terminationStatus.isSuccess { return .success(result.standardOutput) }
        // The protocol's own way to say that it has none.
        let words = String(decoding: result.standardOutput.prefix(200), as: UTF8.self)
        if words.contains("credentials not found") { return .success(nil) }
        return .failure(Failure(words: "\(program) failed"))
    }
}
