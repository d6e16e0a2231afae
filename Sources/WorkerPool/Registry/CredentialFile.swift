internal import ContainerEngine
internal import Foundation

/// Docker's `config.json` or Podman's `auth.json`, as far as it concerns credentials. Pure.
///
/// Format: docker/cli, `cli/config/configfile/file.go`; containers-auth.json(5).
struct CredentialFile: Sendable {
    /// What a file says about a registry.
    enum Entry: Sendable, Equatable {
        /// The credentials themselves.
        case login(RegistryAuth)
        /// Ask `docker-credential-NAME`, then, if it knows nothing, take the rest.
        case helper(String, otherwise: RegistryAuth?)
    }

    private struct Wire: Decodable {
        var auths: [String: Login]?
        var credHelpers: [String: String]?
        var credsStore: String?

        struct Login: Decodable {
            var auth: String?
            var username: String?
            var password: String?
            var identitytoken: String?
        }
    }

    private let wire: Wire

    /// Reads a file's content.
    ///
    /// - Throws: `DecodingError`.
    init(_ content: Data) throws {
        wire = try JSONDecoder().decode(Wire.self, from: content)
    }

    /// What it says about a registry; `nil` when that is nothing.
    func entry(for registry: RegistryName) -> Entry? {
        let login = Self.value(wire.auths, registry).flatMap(Self.auth)
        // An empty name switches the store off for one registry.
        let helper = Self.value(wire.credHelpers, registry) ?? wire.credsStore
        if let helper, !helper.isEmpty { return .helper(helper, otherwise: login) }
        return login.map(Entry.login)
    }

    private static func value<Value>(_ table: [String: Value]?, _ registry: RegistryName) -> Value? {
        guard let table else { return nil }
        // Sorted, so that of two spellings of one registry the same one always wins.
        let normalized = Dictionary(
            table.sorted { $0.key < $1.key }.map { (RegistryName.normalized($0.key), $0.value) },
            uniquingKeysWith: { first, _ in first })
        return registry.keys.lazy.compactMap { normalized[$0] }.first
    }

    /// The credentials of an entry; `nil` for an empty one, which stands for a login kept elsewhere.
    private static func auth(_ login: Wire.Login) -> RegistryAuth? {
        var (username, password) = (login.username ?? "", login.password ?? "")
        if let encoded = login.auth, let data = Data(base64Encoded: encoded) {
            let text = String(decoding: data, as: UTF8.self)
            if let colon = text.firstIndex(of: ":") {
                username = String(text[..<colon])
                password = String(text[text.index(after: colon)...].prefix { $0 != "\0" })
            }
        }
        if let token = login.identitytoken, !token.isEmpty {
            return RegistryAuth(username: username, proof: .identityToken(token))
        }
        return username.isEmpty ? nil : RegistryAuth(username: username, password: password)
    }
}
