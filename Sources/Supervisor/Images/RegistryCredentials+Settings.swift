internal import Foundation
internal import Glibc
package import Settings
package import WorkerPool

extension RegistryCredentials {
    /// The credentials of a configuration, whose secrets are read when a pull needs them, and of this user's files.
    package init(settings: Settings) {
        let secrets = SecretSources(settings.secrets)
        self.init(
            logins: settings.workers.docker.registryAuth, environment: ProcessInfo.processInfo.environment,
            userID: geteuid()
        ) { name throws(WorkerError) in
            try await secrets.read([name])[name] ?? []
        }
    }
}
