internal import FoundationEssentials

/// Credentials for a registry. Printing one shows no secret.
package struct RegistryAuth: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// What proves who one is.
    package enum Proof: Sendable, Equatable {
        case password(String)
        /// An OAuth refresh token, which the engine exchanges.
        case identityToken(String)
    }

    /// Who; may be empty with a token.
    package let username: String
    let proof: Proof

    /// Makes credentials.
    package init(username: String, password: String) {
        self.init(username: username, proof: .password(password))
    }

    /// Makes credentials.
    package init(username: String, proof: Proof) {
        self.username = username
        self.proof = proof
    }

    package var description: String { "credentials of \(username.isEmpty ? "a token" : username)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["username": username]) }

    /// The value of `X-Registry-Auth` (Docker Engine API, authentication): base64url with padding, which is what both
    /// engines accept.
    package var header: String {
        struct Body: Encodable {
            let username: String?
            let password: String?
            let identitytoken: String?
        }
        let body =
            switch proof {
            case .password(let password): Body(username: username, password: password, identitytoken: nil)
            case .identityToken(let token): Body(username: nil, password: nil, identitytoken: token)
            }
        let json = (try? JSONEncoder().encode(body)) ?? Data()
        return json.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    }
}
