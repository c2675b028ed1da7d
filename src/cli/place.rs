//! Where the data is: an embedded folder or a PostgreSQL database; every verb takes the same options.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::app::failure::Fault;
use crate::cli::Trouble;
use crate::config::{Config, FILE};
use crate::identity::Actor;
use crate::store::{Store, Target};

/// The folder used when neither `--data` nor `--database` is given.
const DEFAULT_FOLDER: &str = "greenlane-data";

/// Where the data is.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// 嵌入式数据库所在文件夹。The folder of an embedded database.
    #[arg(long, global = true, value_name = "DIR", env = "GREENLANE_DATA", conflicts_with = "database")]
    pub data: Option<PathBuf>,
    /// PostgreSQL:写入角色的 URL。PostgreSQL: the URL of the role that writes.
    #[arg(long, global = true, value_name = "URL", env = "GREENLANE_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// PostgreSQL:读取角色的 URL;不写则为同一地址、角色 gl_reader。The URL of the role that reads; else the same address as `gl_reader`.
    #[arg(long, global = true, value_name = "URL", env = "GREENLANE_READER", hide_env_values = true, requires = "database")]
    pub reader: Option<String>,
    /// 配置文件；不写则为数据文件夹中的 greenlane.yaml。The configuration file; else `greenlane.yaml` in the data folder.
    #[arg(long, global = true, value_name = "FILE", env = "GREENLANE_CONFIG")]
    pub config: Option<PathBuf>,
}

impl Place {
    /// The database.
    #[must_use]
    pub fn target(&self) -> Target {
        match &self.database {
            Some(writer_url) => {
                let reader_url = self.reader.clone().unwrap_or_else(|| as_role(writer_url, "gl_reader"));
                Target::Postgres { writer_url: writer_url.clone(), reader_url }
            }
            None => Target::Sqlite(self.home()),
        }
    }

    /// The folder for what is not in the database: the log's key, the outbox folder, the socket.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.data.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FOLDER))
    }

    /// The configuration.
    ///
    /// # Errors
    /// Every mistake of the file.
    pub fn config(&self) -> Result<Config, Trouble> {
        let path = self.config.clone().unwrap_or_else(|| self.home().join(FILE));
        Config::read(&path).map_err(|mistakes| Trouble(mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
    }

    /// Opens the store for reading.
    ///
    /// # Errors
    /// What start-up refuses.
    pub async fn store(&self) -> Result<Store, Trouble> {
        Ok(Store::open(self.target()).await.map_err(|cause| Fault::new("opening the database", cause))?)
    }
}

/// The same address as another role, without a password: for databases that know their roles by the socket or by trust.
#[must_use]
pub fn as_role(url: &str, role: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let address = rest.split_once('@').map_or(rest, |(_, address)| address);
    format!("{scheme}://{role}@{address}")
}

/// Whoever runs the program, by the name of the operating system's user.
#[must_use]
pub fn operator() -> Actor {
    let name = std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "operator".to_owned());
    Actor::Operator(name)
}

/// The files below `folder` whose names end in one of `endings`, by path from there, sorted.
///
/// # Errors
/// Names what cannot be read.
pub fn files_below(folder: &Path, endings: &[&str]) -> Result<std::collections::BTreeMap<String, String>, Trouble> {
    let mut files = std::collections::BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = std::fs::read_dir(&next).map_err(|cause| Trouble(format!("{}: cannot read the folder: {cause}", next.display())))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.extension().is_some_and(|found| found == *ending)) {
                let text = std::fs::read_to_string(&path).map_err(|cause| Trouble(format!("{}: cannot read the file: {cause}", path.display())))?;
                let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                files.insert(name, text);
            }
        }
    }
    Ok(files)
}
