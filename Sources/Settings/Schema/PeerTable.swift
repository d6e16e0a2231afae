extension SettingTable {
    /// `supervisor`.
    static let peers: [SettingDescriptor] = [
        .init(
            "supervisor.listen", \.supervisor.listen, .listenAddress,
            "Where the logs of this host's tasks are served to those who have the token; nowhere while it is empty. It is "
                + "plain HTTP: choose an address of a network that is your own.",
            example: .text("10.0.0.5:8443")),
        .init(
            "supervisor.advertise", \.supervisor.advertise, .listenAddress,
            "Where other hosts find that. By default listen, with this host's name when that is every address.",
            example: .text("worker-5.example.org:8443")),
        .init(
            "supervisor.tokenFile", \.supervisor.tokenFile,
            .text("an absolute path, or \"\"", check: PathRules.absoluteOrEmpty),
            "The file with the secret that all hosts share: at least 32 characters, readable by its owner alone. Needed to "
                + "serve logs, and to ask others for theirs.",
            example: .text("/etc/acode/peer-token")),
    ]
}
