/// What the workers of a test's pool are made of.
package enum Backend: Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case docker
    case podman
    case local

    /// Every kind: the arguments of a test that must hold for each.
    package static var all: [Backend] { allCases }

    /// The backend of an engine.
    package static func of(_ engine: Engine) -> Backend { engine == .docker ? .docker : .podman }

    /// The engine of container workers.
    package var engine: Engine? {
        switch self {
        case .docker: .docker
        case .podman: .podman
        case .local: nil
        }
    }

    package var description: String { engine?.rawValue ?? "local" }
}
