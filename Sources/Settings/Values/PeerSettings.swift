/// What a supervisor is there for, what it offers to other machines, and what they need for it.
package struct PeerSettings: Sendable, Equatable {
    /// The role it has, one of `roles`; `nil` means all duties.
    package var role: String?
    /// Where logs are served to other machines; `nil` means nowhere.
    package var listen: ListenAddress?
    /// Where other machines find that; `nil` stands for `listen`, with this host's name when that is everywhere.
    package var advertise: ListenAddress?
    /// The absolute path of the file with the secret that all machines have; empty when there is none.
    package var tokenFile = ""

    /// The defaults.
    package init() {}

    /// What other machines are told, on a machine of this name; `nil` when they are offered nothing.
    package func address(host: String) -> String? {
        guard let listen else { return nil }
        if let advertise { return advertise.description }
        return listen.isEverywhere ? ListenAddress(host: host, port: listen.port).description : listen.description
    }
}
