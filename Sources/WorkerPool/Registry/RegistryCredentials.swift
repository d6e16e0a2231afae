package import ContainerEngine
internal import Foundation
package import Settings

/// Finds the credentials for a registry each time they are needed, so that a `docker login` counts at once: first those of
/// the configuration, then Docker's file of this user, then Podman's. No error, log or description holds a password.
package struct RegistryCredentials: Sendable {
    /// Credentials, and where they were found, for messages.
    package struct Login: Sendable, Equatable {
        /// What the engine gets.
        package let auth: RegistryAuth
        /// A file, a helper or a setting.
        package let source: String
    }

    private let logins: [String: RegistryLogin]
    private let files: [String]
    private let secret: @Sendable (String) async throws(WorkerError) -> [UInt8]

    /// Files larger than this are not read.
    private static let largest = 4 << 20

    /// Makes a finder.
    ///
    /// - Parameters:
    ///   - logins: of the configuration.
    ///   - environment: of this process.
    ///   - userID: its user.
    ///   - secret: reads a configured secret.
    package init(
        logins: [String: RegistryLogin], environment: [String: String], userID: UInt32,
        secret: @escaping @Sendable (String) async throws(WorkerError) -> [UInt8]
    ) {
        self.logins = Dictionary(
            logins.sorted { $0.key < $1.key }.map { (RegistryName.normalized($0.key), $0.value) },
            uniquingKeysWith: { first, _ in first })
        files = Self.places(environment: environment, userID: userID)
        self.secret = secret
    }

    /// The files that may hold credentials, in the order in which they are looked into. Pure.
    ///
    /// Docker: `$DOCKER_CONFIG`, else `~/.docker`. Podman (containers-auth.json(5)): `$REGISTRY_AUTH_FILE`, the runtime
    /// directory, the configuration directory.
    package static func places(environment: [String: String], userID: UInt32) -> [String] {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = variable("HOME")
        let docker = variable("DOCKER_CONFIG") ?? home.map { $0 + "/.docker" }
        let runtime = variable("XDG_RUNTIME_DIR").map { $0 + "/containers" } ?? "/run/containers/\(userID)"
        let config = variable("XDG_CONFIG_HOME") ?? home.map { $0 + "/.config" }
        return [
            docker.map { $0 + "/config.json" }, variable("REGISTRY_AUTH_FILE"), runtime + "/auth.json",
            config.map { $0 + "/containers/auth.json" },
        ].compactMap { $0 }
    }

    /// The credentials for a reference's registry; `nil` when nobody knows any.
    ///
    /// - Parameters:
    ///   - limit: how long a helper may take, if that is less than it may take anyway.
    ///   - warn: is told of a file or helper that does not work; the pull goes on without it.
    /// - Throws: `host` or `configuration_refused` for a configured secret that can't be read.
    package func login(
        for reference: String, within limit: Duration = CredentialHelper.mostTime, warn: @Sendable (String) -> Void
    ) async throws(WorkerError) -> Login? {
        let registry = RegistryName(of: reference)
        if let login = logins[registry.host] {
            let bytes = try await secret(login.passwordSecret)
            var password = String(decoding: bytes, as: UTF8.self)
            // Files end in a newline that is no part of a password.
            while password.last?.isNewline == true { password.removeLast() }
            return Login(
                auth: RegistryAuth(username: login.username, password: password),
                source: "workers.docker.registryAuth (secret \(login.passwordSecret))")
        }
        for path in files {
            guard let file = await read(path, warn) else { continue }
            switch file.entry(for: registry) {
            case nil: continue
            case .login(let auth): return Login(auth: auth, source: path)
            case .helper(let name, let otherwise):
                do throws(CredentialHelper.Failure) {
                    let found = try await CredentialHelper(name: name, within: limit)
                        .credentials(for: registry.serverAddress)
                    if let found { return Login(auth: found, source: "docker-credential-\(name)") }
                } catch {
                    warn("\(error.words), which \(path) names for \(registry.host); pulling without its credentials")
                }
                if let otherwise { return Login(auth: otherwise, source: path) }
            }
        }
        return nil
    }

    private func read(_ path: String, _ warn: @Sendable (String) -> Void) async -> CredentialFile? {
        let content = await FileThread.shared.run { () -> Data? in
            let link = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
            guard let facts = try? FileManager.default.attributesOfItem(atPath: link),
                facts[.type] as? FileAttributeType == .typeRegular, let size = facts[.size] as? Int,
                size <= Self.largest
            else { return nil }
            return FileManager.default.contents(atPath: path)
        }
        // One that is not there, or that this user may not read, is not meant for it.
        guard let content else { return nil }
        do {
            return try CredentialFile(content)
        } catch {
            warn("\(path) can't be read as JSON with credentials, so it is left out; mend it, or log in again")
            return nil
        }
    }
}
