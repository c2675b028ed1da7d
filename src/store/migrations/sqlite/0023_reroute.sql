-- What did not arrive by one medium goes by the other, once: `other` is the key the same notice has there, `follows` the notice that this one was made for.
alter table notices add column other text;
alter table notices add column follows text;
