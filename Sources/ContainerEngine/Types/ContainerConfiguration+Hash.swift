internal import FoundationEssentials

extension ContainerConfiguration {
    /// A number in hexadecimal digits that is the same for equal configurations in every process and on every host: FNV-1a
    /// with 64 bits over the request that would be sent to an engine, with sorted keys. Not for anything that an enemy
    /// chooses.
    package var stableHash: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // Which engine does not matter, as long as it is always the same.
        let quirks = Quirks(EngineIdentity(kind: .docker, version: "", apiVersion: ""))
        let body = CreateContainerBody(self, quirks: quirks)
        guard let bytes = try? encoder.encode(body) else { return "none" }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
