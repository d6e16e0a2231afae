internal import ControlPlane
internal import Settings

/// Whether hosts that share a queue can read each other's logs.
enum PeerChecks {
    static func run(_ settings: PeerSettings) -> [DoctorCheck] {
        guard !settings.tokenFile.isEmpty else { return [] }
        do throws(PeerTokenProblem) {
            _ = try PeerToken(file: settings.tokenFile)
            return [.ok("peer token", settings.tokenFile)]
        } catch {
            return [.fail("peer token", error.message, fix: error.hint)]
        }
    }
}
