//! Cluster IPs and node ports of Services: given out here, free again when the Service goes.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::value::{Value, json};

use crate::kinds::Kind;
use crate::status::{Cause, Status};

/// Services get addresses in 10.96.0.0/16.
const SERVICE_NETWORK: [u8; 2] = [10, 96];
/// The range of node ports.
const NODE_PORTS: std::ops::RangeInclusive<u16> = 30000..=32767;

/// What is in use.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    ips: BTreeSet<String>,
    ports: BTreeSet<u16>,
    next_ip: u16,
    next_port: u16,
}

/// Addresses taken for a write; given back unless the write is stored.
pub(crate) struct Lease<'a> {
    addresses: &'a Addresses,
    ips: Vec<String>,
    ports: Vec<u16>,
    /// Given back when the write is stored.
    freed: Vec<Value>,
}

impl Addresses {
    fn lock(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a Service the addresses that it needs and does not have.
    ///
    /// # Errors
    /// 422 for an address that is taken or outside of the range.
    pub(crate) fn allocate(&self, kind: &Kind, object: &mut Value, old: Option<&Value>) -> Result<Lease<'_>, Status> {
        let mut lease = Lease {
            addresses: self,
            ips: vec![],
            ports: vec![],
            freed: vec![],
        };
        if kind.kind != "Service" || !kind.resource.group().is_empty() {
            return Ok(lease);
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let refuse = |cause| Err(Status::invalid("", "Service", &name, vec![cause]));
        let kind_of_service = object["spec"]["type"].as_str().unwrap_or("ClusterIP").to_owned();
        let old_ip = old.and_then(|old| old["spec"]["clusterIP"].as_str()).unwrap_or_default();
        if kind_of_service == "ExternalName" {
            if !old_ip.is_empty() && old_ip != "None" {
                lease.freed.push(json!({"spec": {"clusterIP": old_ip}}));
            }
            if let Some(spec) = object["spec"].as_object_mut() {
                for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] {
                    spec.remove(field);
                }
            }
            return Ok(lease);
        }
        let wanted = object["spec"]["clusterIP"].as_str().unwrap_or_default().to_owned();
        if wanted.is_empty() {
            let ip = lease.next_ip();
            object["spec"]["clusterIP"] = ip.clone().into();
            object["spec"]["clusterIPs"] = json!([ip]);
        } else if wanted != old_ip && wanted != "None" {
            if let Err(why) = lease.take_ip(&wanted) {
                return refuse(Cause::invalid("spec.clusterIPs", &json!([wanted]), &why));
            }
            object["spec"]["clusterIPs"] = json!([wanted]);
        } else if object["spec"]["clusterIPs"].as_array().is_none_or(Vec::is_empty) {
            object["spec"]["clusterIPs"] = json!([wanted]);
        }
        let default = |object: &mut Value, field: &str, value: Value| {
            if object["spec"].get(field).is_none_or(Value::is_null) {
                object["spec"][field] = value;
            }
        };
        default(object, "ipFamilies", json!(["IPv4"]));
        default(object, "ipFamilyPolicy", "SingleStack".into());
        if let Err(cause) = lease.node_ports(object, old, &kind_of_service) {
            return refuse(cause);
        }
        Ok(lease)
    }

    /// Takes back the addresses of a Service that is gone.
    pub(crate) fn release(&self, kind: &Kind, object: &Value) {
        if kind.kind == "Service" && kind.resource.group().is_empty() {
            self.lock().free(object);
        }
    }
}

impl Used {
    fn free(&mut self, service: &Value) {
        if let Some(ip) = service["spec"]["clusterIP"].as_str() {
            self.ips.remove(ip);
        }
        for port in service["spec"]["ports"].as_array().into_iter().flatten() {
            if let Some(port) = port["nodePort"].as_u64().and_then(|p| u16::try_from(p).ok()) {
                self.ports.remove(&port);
            }
        }
    }
}

impl Lease<'_> {
    fn next_ip(&mut self) -> String {
        let mut used = self.addresses.lock();
        loop {
            // Not .0.x, where addresses are set by hand.
            used.next_ip = used.next_ip.wrapping_add(1).max(256);
            let [high, low] = used.next_ip.to_be_bytes();
            let ip = format!("{}.{}.{high}.{low}", SERVICE_NETWORK[0], SERVICE_NETWORK[1]);
            if used.ips.insert(ip.clone()) {
                self.ips.push(ip.clone());
                return ip;
            }
        }
    }

    fn take_ip(&mut self, ip: &str) -> Result<(), String> {
        let fault = |why: &str| Err(format!("failed to allocate IP {ip}: {why}"));
        match ip.parse::<std::net::IpAddr>() {
            // What is no address at all is left to validation.
            Err(_) => return Ok(()),
            Ok(std::net::IpAddr::V4(address)) if address.octets()[..2] == SERVICE_NETWORK => {}
            Ok(_) => {
                let why = format!("the provided IP ({ip}) is not in the valid range. The range of valid IPs is 10.96.0.0/16");
                return fault(&why);
            }
        }
        if !self.addresses.lock().ips.insert(ip.to_owned()) {
            return fault("provided IP is already allocated");
        }
        self.ips.push(ip.to_owned());
        Ok(())
    }

    fn node_ports(&mut self, object: &mut Value, old: Option<&Value>, kind: &str) -> Result<(), Cause> {
        let old_ports: Vec<u64> = old
            .and_then(|old| old["spec"]["ports"].as_array())
            .into_iter()
            .flatten()
            .filter_map(|p| p["nodePort"].as_u64())
            .collect();
        let wants = kind == "NodePort" || (kind == "LoadBalancer" && object["spec"]["allocateLoadBalancerNodePorts"] != false);
        let Some(ports) = object["spec"]["ports"].as_array_mut() else {
            return Ok(());
        };
        for (i, port) in ports.iter_mut().enumerate() {
            match port["nodePort"].as_u64().filter(|p| *p != 0) {
                Some(number) if old_ports.contains(&number) && wants => {}
                Some(_) if !wants => {
                    if let Some(port) = port.as_object_mut() {
                        port.remove("nodePort");
                    }
                }
                Some(number) => {
                    let number16 = u16::try_from(number).ok().filter(|p| NODE_PORTS.contains(p));
                    let field = format!("spec.ports[{i}].nodePort");
                    let Some(number16) = number16 else {
                        let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
                        return Err(Cause::invalid(field, &number.into(), why));
                    };
                    if !self.addresses.lock().ports.insert(number16) {
                        return Err(Cause::invalid(field, &number.into(), "provided port is already allocated"));
                    }
                    self.ports.push(number16);
                }
                None if wants => port["nodePort"] = self.next_port().into(),
                None => {}
            }
        }
        Ok(())
    }

    fn next_port(&mut self) -> u16 {
        let mut used = self.addresses.lock();
        loop {
            used.next_port = if NODE_PORTS.contains(&(used.next_port + 1)) {
                used.next_port + 1
            } else {
                *NODE_PORTS.start()
            };
            let port = used.next_port;
            if used.ports.insert(port) {
                self.ports.push(port);
                return port;
            }
        }
    }

    /// The write was stored.
    pub(crate) fn keep(mut self) {
        self.ips.clear();
        self.ports.clear();
        for service in std::mem::take(&mut self.freed) {
            self.addresses.lock().free(&service);
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if self.ips.is_empty() && self.ports.is_empty() {
            return;
        }
        let mut used = self.addresses.lock();
        for ip in &self.ips {
            used.ips.remove(ip);
        }
        for port in &self.ports {
            used.ports.remove(port);
        }
    }
}
