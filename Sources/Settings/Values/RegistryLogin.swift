/// Who logs in to a registry. The password itself is never in here.
package struct RegistryLogin: Sendable, Hashable {
    /// The user's name there.
    package var username: String
    /// The name of the configured secret that holds the password.
    package var passwordSecret: String

    /// Makes a login; nothing is checked.
    package init(username: String, passwordSecret: String) {
        self.username = username
        self.passwordSecret = passwordSecret
    }
}
