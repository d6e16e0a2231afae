package import ContainerEngine
internal import Logging
package import Settings

/// Limits that were asked for and that this engine does not enforce, a sentence each. Pure.
package enum LimitWarnings {
    /// What does not hold on the engine that `info` describes.
    package static func of(_ info: EngineInfo, _ resources: ContainerResources, engine: String) -> [String] {
        var warnings: [String] = []
        if resources.networkMbit > 0 {
            warnings.append(
                "\(engine) can't limit the network to \(resources.networkMbit) Mbit/s "
                    + "(workers.docker.resources.networkMbit); use network: none, or an internal network")
        }
        if resources.swapMb > 0, !info.swapLimit {
            warnings.append(
                "\(engine) does not limit swap on this host, so workers.docker.resources.swapMb is not enforced; boot "
                    + "with swapaccount=1, or set it to 0")
        }
        if !info.memoryLimit { warnings.append("\(engine) does not limit memory on this host: see acode doctor") }
        if !info.pidsLimit { warnings.append("\(engine) does not limit processes on this host: see acode doctor") }
        if !info.cpuCfsQuota { warnings.append("\(engine) does not limit CPU on this host: see acode doctor") }
        return warnings
    }
}

extension Supervisor {
    /// Says once, at the start, which limits the engine does not enforce.
    func warnOfLimits(_ info: EngineInfo, on engine: EngineClient) {
        for warning in LimitWarnings.of(
            info, settings.workers.docker.resources, engine: engine.identity.kind.rawValue)
        {
            logger.warning("a limit is not enforced", metadata: ["limit": "\(warning)"])
        }
    }
}
